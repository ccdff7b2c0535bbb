"""What pictures of a folder are to each other: how near is near, copies, outliers, the whole at a glance."""
