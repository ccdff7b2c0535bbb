from retrieval.autoencoder.architectures import ARCHITECTURES
from retrieval.autoencoder.design import Design


def test_a_design_takes_what_the_architecture_says():
    design = Design(ARCHITECTURES["conv-pool"], size=28, channels=1)
    assert (design.dim, design.enlarging, design.loss) == (7 * 7 * 32, "up-sampling", "bce")


def test_a_design_takes_what_is_chosen_instead():
    design = Design(ARCHITECTURES["conv-pool"], 28, 1, 50, "transposed", "mse")
    assert (design.dim, design.enlarging, design.loss) == (50, "transposed", "mse")
