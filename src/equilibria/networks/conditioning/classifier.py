"""The condition asked of the critic, instead of told to it."""

from .base import Conditioning


def classifier() -> Conditioning:
    """Critics: a second head guesses it; the score is not told (the auxiliary classifier, Odena et al. 2017)."""
    return Conditioning(classes=lambda size, linear: linear(size), roles=("critic",))
