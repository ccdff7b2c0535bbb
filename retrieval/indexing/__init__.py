"""From folders of pictures to an index, and keeping it current."""
