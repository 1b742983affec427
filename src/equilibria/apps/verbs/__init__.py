"""What can be said on the command line. A verb's own module is imported when it is said: help never waits for torch.

Each has FLAGS, a dataclass whose fields are its flags, and `run(word, flags, others) -> exit code`, with as many words
as follow the verb, one at least. The others are flags that are no fields; a verb that takes any has a `more(word)`,
which gives the fields' values and describes them.
"""

from importlib import import_module
from types import ModuleType

from ...core.errors import Refusal, nearest
from ..arguments import described, fields, fill, flag, split, switches
from ..text import paragraph, table

VERBS = {  # name: (module, the words that follow, what it does)
    "demo": ("demo", "", "Train for 75 seconds on pictures of clothes (built in) and show what the model draws."),
    "train": ("train", "[RECIPE|FILE.json]", "Train a recipe, and record the run."),
    "resume": ("resume", "RUN", "Go on with a run that was stopped, bit for bit."),
    "sample": ("sample", "RUN", "Draw from a trained model: one picture, a folder of them, or an array."),
    "interpolate": ("interpolate", "RUN", "Go from some samples to others, a row of steps for each pair."),
    "arithmetic": ("arithmetic", "RUN", "Average latents and reckon a - b + c with them."),
    "traverse": ("traverse", "RUN", "Move one number of a latent at a time, a row for each."),
    "reconstruct": ("reconstruct", "RUN [PATH]", "Show samples beside what a model with an encoder makes of them."),
    "encode": ("encode", "RUN [PATH]", "Write where the encoder places samples: an array or a table."),
    "invert": ("invert", "RUN [PATH]", "Find the latents of samples by search; no encoder is needed."),
    "attribute": (
        "attribute",
        "RUN [PATH]",
        "Find directions among latents in which labels change, and move along them.",
    ),
    "score": ("score", "RUN PATH", "Ask the critic which samples of a folder, an array or a data set look least real."),
    "features": (
        "features",
        "RUN [PATH]",
        "Take what hidden layers of the critic or the encoder say of samples. (`features train` is another verb.)",
    ),
    "features train": (
        "features_train",
        "DATA",
        "Train the classifier of a data set's own classes that `evaluate` sees by (`features RUN` is another verb).",
    ),
    "classify": ("classify", "RUN PATH", "Ask the critic's class head what samples are, where the game taught it."),
    "export": ("export", "RUN", "Write a trained network to a file that other programs run, and compare the two."),
    "reject": ("reject", "RUN", "Draw from a trained model, and keep what its own critic lets pass."),
    "publish": (
        "publish",
        "RUN OWNER/NAME",
        "Send a trained model to the Hugging Face hub, with a card.",
    ),
    "probe": ("probe", "RUN", "Ask what the critic or the encoder knows of classes, beside pixels and its beginning."),
    "doctor": ("doctor", "RUN", "Say what is wrong with a run, why, and what to change; or that all is well."),
    "compare": ("compare", "RECIPE|RUN ...", "Play recipes side by side, or show runs so, and say what that supports."),
    "report": ("report", "RUN", "Write all that is known of a run as one page: curves, samples, diagnoses, numbers."),
    "evaluate": ("evaluate", "RUN", "Measure a trained model on held-out data, beside what real samples would get."),
    "recipes": ("recipes", "", "List the formulations that can be trained."),
    "show": ("show", "RECIPE|TABLE", "Show a recipe whole, or a table: divergences, penalties, networks, ..."),
    "verify": ("verify", "[NAME|MODULE:FUNCTION]", "Prove the formulations, or your own divergence or penalty."),
    "data check": ("check", "PATH|NAME", "Look at a data set before training on it."),
}
HELP = ("--help", "-h")


def do(tokens: list[str]) -> int:
    """Carry out what the words say."""
    name, rest = _verb(tokens)
    module = import_module(f".{VERBS[name][0]}", __package__)
    words, said = split([token for token in rest if token not in HELP], switches(module.FLAGS))
    if len(words) != len(rest) and not set(HELP).isdisjoint(rest):
        print(manual(name, module, words))
        return 0
    given = {key: said.pop(key) for key in fields(module.FLAGS) if key in said}
    if said and not hasattr(module, "more"):
        unknown = flag(next(iter(said)))
        raise Refusal(
            f"{unknown} is no flag of `equilibria {name}`.{nearest(unknown, map(flag, fields(module.FLAGS)))}"
        )
    return module.run(*_following(name, words), fill(module.FLAGS, given), said)


def overview() -> str:
    """What the program is, and its verbs."""
    rows = [(f"{name} {word}".strip(), summary) for name, (_, word, summary) in VERBS.items()]
    return "\n\n".join(
        [
            paragraph("equilibria: two networks play; one learns to make what the other cannot tell from the data."),
            table([*rows, ("--version", "Say which version this is.")]),
            "`equilibria VERB --help` lists flags; `equilibria train RECIPE --help` all that can be set in a recipe.",
        ]
    )


def manual(name: str, module: ModuleType, words: list[str]) -> str:
    """A verb's flags, and what else it takes."""
    _, word, summary = VERBS[name]
    values, more = module.more(*words[:1]) if hasattr(module, "more") else ({}, "")
    rows = described(module.FLAGS, values)
    following = [*words, *word.split()[len(words) :]]
    usage = " ".join(["equilibria", name, *following]) + (" [--FLAG VALUE ...]" if rows else "")
    return "\n\n".join(filter(None, [usage, paragraph(summary), table(rows) if rows else "", more]))


def _verb(tokens: list[str]) -> tuple[str, list[str]]:
    """The verb, of one word or two, and what follows it."""
    for length in (2, 1):
        if (name := " ".join(tokens[:length])) in VERBS:
            return name, tokens[length:]
    if tokens[0].startswith("-"):
        raise Refusal(
            f"A verb comes first, as in `equilibria train wgan-gp`.{nearest(tokens[0], ['--help', '--version'])}"
        )
    if tokens[0] == "data":
        raise Refusal("Say `equilibria data check PATH|NAME`.")
    raise Refusal(f"There is no verb {tokens[0]!r}.{nearest(tokens[0], VERBS)}")


def _following(name: str, words: list[str]) -> list[str]:
    """The words that follow the verb; nothing for those that may be left out, and where none should."""
    wanted = VERBS[name][1].split()
    if wanted[-1:] == ["..."]:  # the last one as often as anybody wants
        wanted = [*wanted[:-1], *[wanted[-2]] * (len(words) - len(wanted) + 1)]
    needed = [word for word in wanted if not word.startswith("[")]
    if len(words) < len(needed):
        raise Refusal(f"Something is missing: say `equilibria {name} {VERBS[name][1]}`.")
    if surplus := words[len(wanted) :]:
        raise Refusal(f"{surplus[0]!r} is one word too many: say `equilibria {' '.join([name, *wanted])}`.")
    return words + [""] * (max(len(wanted), 1) - len(words))
