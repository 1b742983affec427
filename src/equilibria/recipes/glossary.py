"""What an option means, in a clause: from its part's docstring, else a word that many parts share."""

import re

SHARED = {
    "activation": "the bend between layers: relu, leaky_relu, silu, tanh, elu",
    "beta1": "memory of the gradient, per step",
    "beta2": "memory of the squared gradient, per step",
    "burst": "moves in a round of a burst",
    "channels": "1 for grey, 3 for colour",
    "classes": "how many",
    "clip": "bounds the critic's weights after each move",
    "clip_norms": "clip the scales of norm layers too",
    "conditioning": "how labels are told: concat, embedding, film; critics too: projection, classifier; joined by +",
    "count": "how many training samples to draw",
    "decay": "memory of the squared gradient, per step",
    "depth": "hidden layers",
    "end": "the last round's share of the learning rate",
    "eps": "keeps the division by the gradient's size finite",
    "every": "rounds from one later burst to the next",
    "fake_code": "the score that the critic wants for samples",
    "first": "rounds of the burst at the beginning",
    "fit": "crop, or pad",
    "generator_code": "the score that the generator wants for samples",
    "generator_loss": "exact (the divergence itself) or alternative (scores of samples up; f-GAN, section 3.2)",
    "hidden": "units of a fully connected layer beside the convolutions, 0 for none",
    "image": "the column of the images",
    "initialization": "where the weights start",
    "label": "the column of the labels",
    "labels": "the name of the array of labels in an .npz",
    "lazy": "rounds from one payment of the penalties to the next",
    "lr": "the learning rate: the size of a step",
    "minibatch_std": "samples in a group whose deviation the critic sees, 0 for none",
    "modes": "how many",
    "momentum": "memory of earlier steps",
    "n_critic": "moves of the critic to one of the others",
    "noise": "the deviation around the spiral",
    "norm": "none, batch, layer, instance, group, weight or spectral",
    "one_sided": "only slopes above the wanted one pay",
    "parts": "the priors side by side, as JSON",
    "posterior": "what an encoder answers: gaussian (means and variances) or point",
    "power": "of the slope, in the price",
    "real_code": "the score that the critic wants for data",
    "resizer": "how pixels are averaged or interpolated",
    "sampler": "where slopes are measured: between, real, fake or both",
    "samples": "the name of the array of samples in an .npz",
    "side": "modes in a row",
    "size": "pixels a side",
    "skip_first_norm": "no norm after the first hidden layer",
    "slope": "the slope that costs nothing",
    "split": "the part of the set that is taken",
    "spread": "the deviation around each mode",
    "theta": "where the line is",
    "turns": "moves in a round",
    "upsample": "how a map grows to twice its size",
    "usual": "moves in all other rounds",
    "warmup": "rounds over which the rate is reached, from 0",
    "weight": "the price of a violation, lambda",
    "width": "units or channels of a layer",
    "widths": "units of each hidden layer, instead of width and depth",
}


def meaning(option: str, doc: str) -> str:
    """What a docstring says of the `option`, in backticks, else what the word means everywhere."""
    said = re.search(rf"`{option}`([^`]+?)(?:[.;](?=\s|$)|, (?=`)|\n\n|$)", doc)
    clause = " ".join(said[1].split()).removeprefix("is ") if said else ""
    whole = len(clause.split()) > 1 and clause.count("(") == clause.count(")")
    return clause if whole else SHARED.get(option, "")
