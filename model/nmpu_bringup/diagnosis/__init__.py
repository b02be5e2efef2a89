"""What a chip answered, compared with a bundle, and the single causes that explain the difference."""
