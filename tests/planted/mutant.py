"""What a planted defect is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """A defect, and who is meant to notice it."""

    name: str
    file: str  # in the package
    before: str  # occurs once in the file
    after: str
    tests: tuple[str, ...]  # in the folder of the tests: files or test ids
    about: str

    def planted(self, source: str) -> str:
        """The file's text with the defect. Raises ValueError if it no longer has exactly one place for it."""
        if (places := source.count(self.before)) != 1:
            raise ValueError(f"{self.name} is stale: {self.file} has {places} places like {self.before!r}, not one.")
        return source.replace(self.before, self.after)
