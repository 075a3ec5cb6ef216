"""SESSION, TMSLIST and POSITION as far as the script sets them."""

from types import SimpleNamespace


class SESSION(SimpleNamespace):
    def __init__(self) -> None:
        super().__init__(lists=[])

    def add_tmslist(self):
        self.lists.append(TMSLIST())
        return self.lists[-1]


class TMSLIST(SimpleNamespace):
    def __init__(self) -> None:
        super().__init__(positions=[])

    def add_position(self):
        self.positions.append(SimpleNamespace())
        return self.positions[-1]
