import math

import numpy as np
import pytest
from scipy.stats import bootstrap as stats_bootstrap
from scipy.stats import norm

from retrieval.evaluation import Interval, bootstrap, intervals, paired_difference, verdict
from retrieval.evaluation.intervals import bootstrap_each


def skewed(random, count):
    """Like average precisions: most are low, some are high. The mean is 0.35 / 1.95."""
    return random.beta(0.35, 1.6, count)


def with_perfect_ones(random, count):
    """Like average precisions of easy queries among hard ones. The mean is 0.12 + 0.88 * 0.8 / 6.8."""
    values = random.beta(0.8, 6.0, count)
    values[random.random(count) < 0.12] = 1.0
    return values


def coverage(draw, mean, *, count, samples):
    random = np.random.default_rng(11)
    found = [bootstrap(draw(random, count), repeats=1000, seed=seed) for seed in range(samples)]
    return np.mean([interval.low <= mean <= interval.high for interval in found])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("draw", "mean"), [(skewed, 0.35 / 1.95), (with_perfect_ones, 0.12 + 0.88 * 0.8 / 6.8)]
)
def test_the_interval_covers_the_true_mean_as_often_as_it_says(draw, mean):
    # 1,500 samples: the share itself is uncertain by 0.6 %.
    assert 0.93 <= coverage(draw, mean, count=200, samples=1500) <= 0.97


@pytest.mark.slow
def test_equal_methods_are_told_apart_no_more_often_than_one_in_twenty():
    random = np.random.default_rng(3)
    verdicts = []
    for seed in range(1000):
        hardness = skewed(random, 200)
        a, b = (np.clip(hardness + random.normal(0, 0.05, 200), 0, 1) for _ in "ab")
        verdicts.append(verdict(paired_difference(a, b, repeats=1000, seed=seed)))
    assert (
        0.03 <= np.mean([said != "no difference that these pictures can show" for said in verdicts]) <= 0.07
    )


def test_for_many_symmetric_values_it_is_the_textbook_interval():
    values = np.random.default_rng(0).normal(0.5, 0.1, 2000)
    interval = bootstrap(values, repeats=5000)
    half = 1.96 * values.std(ddof=1) / math.sqrt(2000)
    assert interval.value == pytest.approx(values.mean())
    assert interval.low == pytest.approx(values.mean() - half, abs=half / 10)
    assert interval.high == pytest.approx(values.mean() + half, abs=half / 10)


def test_it_is_the_bca_interval_of_scipy_at_a_wider_level():
    values = skewed(np.random.default_rng(2), 40)
    # Student's quantile for 39 degrees of freedom, from a table, widened by sqrt(40 / 39).
    wider = 2 * norm.cdf(2.0227 * math.sqrt(40 / 39)) - 1
    expected = stats_bootstrap(
        (values,), np.mean, confidence_level=wider, n_resamples=20_000, method="BCa", rng=0
    ).confidence_interval
    ours = bootstrap(values, repeats=20_000)
    width = expected.high - expected.low
    assert ours.low == pytest.approx(expected.low, abs=0.015 * width)
    assert ours.high == pytest.approx(expected.high, abs=0.015 * width)


@pytest.mark.parametrize(("count", "quantile"), [(2, 12.7062), (3, 4.30265), (6, 2.57058), (40, 2.02269)])
def test_the_widening_for_small_samples_is_by_the_exact_quantile_of_student(count, quantile):
    # Quantiles for 97.5 % and count - 1 degrees of freedom, from a table.
    expected = quantile * math.sqrt(count / (count - 1))
    assert intervals._small_sample_reach(0.975, count) == pytest.approx(expected, rel=1e-5)


def test_an_extreme_level_of_an_extreme_sample_reaches_the_largest_mean_drawn():
    # Four of five draws are the 1.0 in 0.6 % of the repeats.
    assert bootstrap(np.array([0.0, 0.0, 0.0, 0.0, 1.0]), level=0.9999).high >= 0.8


def test_a_skewed_interval_reaches_further_towards_the_tail():
    interval = bootstrap(skewed(np.random.default_rng(1), 40))
    assert interval.high - interval.value > interval.value - interval.low


def test_a_lower_level_is_narrower_and_a_seed_repeats_it():
    values = skewed(np.random.default_rng(1), 100)
    wide, narrow = bootstrap(values), bootstrap(values, level=0.5)
    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high
    assert bootstrap(values, seed=4) == bootstrap(values, seed=4) != bootstrap(values, seed=5)


def test_values_that_are_missing_are_left_out():
    values = skewed(np.random.default_rng(1), 50)
    assert bootstrap(np.insert(values, [0, 10], math.nan)) == bootstrap(values)


def test_drawing_in_blocks_bounds_memory_and_keeps_the_answer(monkeypatch):
    values = skewed(np.random.default_rng(1), 50)
    whole = bootstrap(values)
    monkeypatch.setattr(intervals, "BLOCK_DRAWS", 333)
    assert bootstrap(values) == whole


@pytest.mark.parametrize("groups", [None, np.arange(60) // 4])
def test_several_together_are_the_same_as_each_alone(groups):
    random = np.random.default_rng(4)
    samples = [skewed(random, 60) for _ in range(5)]
    samples[1][[3, 20]] = samples[3][[3, 20]] = samples[2][[7]] = math.nan
    together = bootstrap_each(samples, seed=3, groups=groups)
    assert together == tuple(bootstrap(values, seed=3, groups=groups) for values in samples)


def test_what_is_missing_altogether_does_not_disturb_the_others():
    known, unknown = np.linspace(0.0, 1.0, 20), np.full(20, math.nan)
    first, second, third = bootstrap_each([unknown, known, unknown])
    assert second == bootstrap(known)
    assert math.isnan(first.value)
    assert math.isnan(third.low)
    assert bootstrap_each([]) == ()


@pytest.mark.parametrize("values", [[], [math.nan]])
def test_nothing_at_all_says_nothing(values):
    interval = bootstrap(np.array(values))
    assert all(math.isnan(figure) for figure in (interval.value, interval.low, interval.high))


def test_one_query_has_a_value_but_no_interval():
    interval = bootstrap(np.array([0.25, math.nan]))
    assert interval.value == 0.25
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)
    assert verdict(interval) == "no difference that these pictures can show"


def test_equal_values_have_no_width():
    interval = bootstrap(np.full(30, 0.3))
    assert interval.low <= interval.value <= interval.high
    assert interval.high - interval.low < 1e-12


@pytest.mark.parametrize("count", [2, 3, 5])
def test_a_handful_of_values_gives_an_interval_within_their_range(count):
    values = np.linspace(0.0, 1.0, count) ** 8
    interval = bootstrap(values)
    assert 0.0 <= interval.low <= interval.value <= interval.high <= 1.0


def test_groups_are_drawn_whole_and_the_value_stays_the_mean_over_queries():
    random = np.random.default_rng(5)
    groups = np.repeat(np.arange(30), [5, 35] * 15)
    values = random.random(30)[groups] * 0.8 + random.random(600) * 0.1
    together, apart = bootstrap(values, groups=groups), bootstrap(values)
    assert together.value == pytest.approx(values.mean())
    assert together.high - together.low > 3 * (apart.high - apart.low)


def test_groups_of_one_query_are_the_same_as_none():
    values = skewed(np.random.default_rng(1), 60)
    grouped, plain = bootstrap(values, groups=np.arange(60)), bootstrap(values)
    assert (grouped.low, grouped.high) == pytest.approx((plain.low, plain.high))


def test_a_single_group_has_no_interval():
    assert math.isnan(bootstrap(np.array([0.1, 0.9]), groups=np.array([4, 4])).low)


def test_a_paired_difference_sees_what_two_intervals_cannot():
    random = np.random.default_rng(6)
    hard = skewed(random, 200)
    a, b = hard + 0.02 + random.normal(0, 0.02, 200), hard
    assert bootstrap(a).low < bootstrap(b).high
    difference = paired_difference(a, b)
    assert difference.value == pytest.approx(np.mean(a - b))
    assert verdict(difference) == "better"
    assert verdict(paired_difference(b, a)) == "worse"


def test_a_pair_with_a_missing_value_is_left_out():
    a, b = np.arange(1.0, 9.0), np.linspace(0.5, 2.0, 8)
    kept = a - b
    a[2], b[5] = math.nan, math.nan
    assert paired_difference(a, b) == bootstrap(np.delete(kept, [2, 5]))


def test_of_five_pairs_there_is_a_difference_and_no_interval():
    difference = paired_difference(np.full(5, 0.9), np.full(5, 0.1))
    assert difference.value == pytest.approx(0.8)
    assert math.isnan(difference.low)
    assert verdict(difference) == "no difference that these pictures can show"
    assert verdict(paired_difference(np.full(6, 0.9), np.full(6, 0.1))) == "better"


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.01, 0.2, "better"),
        (-0.2, -0.01, "worse"),
        (-0.1, 0.1, "no difference that these pictures can show"),
        (0.0, 0.1, "no difference that these pictures can show"),
        (-0.1, 0.0, "no difference that these pictures can show"),
    ],
)
def test_verdicts(low, high, said):
    assert verdict(Interval((low + high) / 2, low, high)) == said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"level": 95}, "level is 95"),
        ({"repeats": 10}, "repeats is 10"),
        ({"groups": np.array([1])}, r"groups has shape \(1,\), expected \(3,\)"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        bootstrap(np.zeros(3), **options)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"shape \(1, 3\)"):
        bootstrap(np.zeros((1, 3)))
    with pytest.raises(ValueError, match=r"a has shape \(3,\), b \(2,\)"):
        paired_difference(np.zeros(3), np.zeros(2))
