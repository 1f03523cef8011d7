"""A/B tests of branches and answers: who gets which variant, and when the difference is one, however often one looks."""
