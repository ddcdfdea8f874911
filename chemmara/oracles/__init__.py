"""What is measured of a molecule: one value each, in order, NaN where an oracle cannot say."""
