"""What every room stands on: errors, parameters, registries, provenance, strict files."""

from .data import data_root, user_data_root
from .errors import (
    AmbiguityError,
    ChiralityError,
    DomainError,
    FrameError,
    InputError,
    MissingPartError,
    TmsplanError,
    TripwireError,
    UsageError,
    refuse_file,
)
from .messages import Explanation, explain, message_ids
from .param import Param
from .params import Params, load_params
from .provenance import (
    InputFile,
    created_stamp,
    record_file,
    sha256_bytes,
    sha256_file,
    versions,
)
from .publish import published_folder
from .registry import Registry
from .table import Table, read_table, table_bytes

__all__ = [
    "AmbiguityError",
    "ChiralityError",
    "DomainError",
    "Explanation",
    "FrameError",
    "InputError",
    "InputFile",
    "MissingPartError",
    "Param",
    "Params",
    "Registry",
    "Table",
    "TmsplanError",
    "TripwireError",
    "UsageError",
    "created_stamp",
    "data_root",
    "explain",
    "load_params",
    "message_ids",
    "published_folder",
    "read_table",
    "record_file",
    "refuse_file",
    "sha256_bytes",
    "sha256_file",
    "table_bytes",
    "user_data_root",
    "versions",
]
