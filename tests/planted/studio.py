"""Defects of the studio: strangers are answered, names lead elsewhere, a training is more than the page may start."""

from .mutant import Mutant

A = "apps/studio/"
T = "studio/test_studio.py::"

STUDIO = (
    Mutant(
        "any-port-will-do",
        A + "guard.py",
        "if host not in self.hosts:",
        'if host.partition(":")[0] not in {each.partition(":")[0] for each in self.hosts}:',
        (T + "test_strangers_are_refused_everywhere",),
        "a page of another server on this machine is answered",
    ),
    Mutant(
        "no-origin-is-compared",
        A + "guard.py",
        'if headers.get(b"origin", f"http://{host}") != f"http://{host}":',
        'if not headers.get(b"origin", f"http://{host}"):',
        (T + "test_strangers_are_refused_everywhere",),
        "a page of somebody else may ask",
    ),
    Mutant(
        "links-are-runs",
        A + "runs.py",
        "entry.is_dir(follow_symlinks=False)",
        "entry.is_dir()",
        (T + "test_no_name_leads_out_of_the_folder",),
        "a link in the folder of runs is followed",
    ),
    Mutant(
        "settings-name-code",
        A + "acts.py",
        'if set(":/\\\\\\0") & set(value):',
        'if "\\0" in value:',
        (T + "test_what_is_not_allowed_is_not_started",),
        "a setting imports a module of the user's",
    ),
    Mutant(
        "half-a-line-is-sent",
        A + "runs.py",
        'lines, end, _ = file.read(_LARGEST).rpartition(b"\\n")',
        'lines, end = file.read(_LARGEST), b""',
        (T + "test_events_are_whole_lines_from_a_place_on",),
        "an event that is being written is shown",
    ),
)
