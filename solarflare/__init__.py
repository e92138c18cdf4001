"""Machine learning on images of the Sun, with scores that are proven not to be shortcuts."""
