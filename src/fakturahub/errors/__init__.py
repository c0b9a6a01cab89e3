"""Every error the hub can raise, as one tree.

::

    FakturahubError
    ├── Refused                      the caller's bytes or request; not retried unchanged
    │   ├── TransferUnreadable       nothing of the transfer is stored
    │   │   ├── EmptyBody            TooLarge            NotXml
    │   │   ├── NotWellFormed        WrongCharset        UnknownCharset
    │   │   ├── DoctypeRefused       TooDeep             TooManyParts
    │   │   └── ZipUnreadable        ZipTooLarge         ZipUnsafe
    │   ├── DocumentRefused          the transfer is readable, a document in it is not acceptable
    │   │   ├── UnknownDocument      MissingTerm         BadValue
    │   │   ├── UnreadableAttachment SellerMismatch      SeveralDocuments
    │   │   │   └── EmptyAttachment      AttachmentTooLarge  AttachmentTypeRefused
    │   │   ├── NoBusinessDocument   TooManyDocuments    an archive with none, or with more than are taken
    │   │   ├── UnwritableDocument   ConversionLoss      MissingFile
    │   │   ├── InvalidDocument          rules that apply to the document are broken
    │   │   └── UnrenderableDocument NoWay
    │   ├── IdempotencyConflict      the key was used for other bytes
    │   ├── UnknownPath              MethodNotAllowed    BadRequest
    │   ├── NotAcceptable            UnsupportedMediaType
    │   ├── WrongState               what the request asks for cannot be done now
    │   ├── NotAuthenticated         the caller did not prove who it is
    │   │   └── ClockSkew            InvalidToken
    │   ├── InsufficientCredit       the account does not cover what the deliveries cost
    │   └── PermissionDenied         NoContract          NotFound            RateLimited
    ├── Unavailable                  the hub's fault, the same request may succeed later
    │   ├── DatabaseUnavailable      PayloadStoreUnavailable
    │   ├── Overloaded           RenderingFailed
    │   └── RulesFailed              PackUnusable        the document was not judged: a defect, an unusable pack
    ├── InternalFault                a defect of the hub
    │   └── PayloadCorrupt           what was stored is not what is there now
    └── OperatorError                what the person who runs the hub has to put right
        ├── ProvisioningError        DataFolderError     MasterKeyError
        ├── SchemaTooNew             SchemaTooOld        PrivateServerError
        ├── TargetRefused            UnusableCredential  the hub does not connect there, or has nothing to show
        └── PackRefused              StalePack           a rule pack that is not taken whole; one compiled by another
        version

Each class has a permanent ``code``: it names the page ``/errors/<code>``, appears in every answer and is never
given another meaning. ``title`` and ``advice`` are what that page says; the message of an instance says what was
wrong this time, ``term`` names the EN 16931 business term concerned and ``place`` where in the input it stands.
"""

from __future__ import annotations

# In the order of the drawing, in which the pages list them: a class comes after the one it hangs on.
# isort: off
from fakturahub.errors.tree import (
    FakturahubError,
    Refused,
    every_error,
)
from fakturahub.errors.transfer import (
    TransferUnreadable,
    EmptyBody,
    TooLarge,
    NotXml,
    NotWellFormed,
    WrongCharset,
    UnknownCharset,
    DoctypeRefused,
    TooDeep,
    TooManyParts,
    ZipUnreadable,
    ZipTooLarge,
    ZipUnsafe,
)
from fakturahub.errors.documents import (
    DocumentRefused,
    UnknownDocument,
    MissingTerm,
    SeveralDocuments,
    BadValue,
    MissingFile,
    UnreadableAttachment,
    EmptyAttachment,
    AttachmentTooLarge,
    AttachmentTypeRefused,
    NoBusinessDocument,
    TooManyDocuments,
    UnwritableDocument,
    ConversionLoss,
    UnrenderableDocument,
    NoWay,
    SellerMismatch,
    InvalidDocument,
)
from fakturahub.errors.request import (
    IdempotencyConflict,
    UnknownPath,
    MethodNotAllowed,
    NotAcceptable,
    UnsupportedMediaType,
    BadRequest,
    NotAuthenticated,
    ClockSkew,
    InvalidToken,
    PermissionDenied,
    NoContract,
    InsufficientCredit,
    NotFound,
    WrongState,
    RateLimited,
)
from fakturahub.errors.hub import (
    Unavailable,
    DatabaseUnavailable,
    PayloadStoreUnavailable,
    Overloaded,
    RulesFailed,
    PackUnusable,
    RenderingFailed,
    InternalFault,
    PayloadCorrupt,
)
from fakturahub.errors.operator import (
    OperatorError,
    ProvisioningError,
    DataFolderError,
    MasterKeyError,
    SchemaTooNew,
    SchemaTooOld,
    PrivateServerError,
    PackRefused,
    StalePack,
    TargetRefused,
    UnusableCredential,
)
# isort: on

__all__ = [
    "AttachmentTooLarge",
    "AttachmentTypeRefused",
    "BadRequest",
    "BadValue",
    "ClockSkew",
    "ConversionLoss",
    "DataFolderError",
    "DatabaseUnavailable",
    "DoctypeRefused",
    "DocumentRefused",
    "EmptyAttachment",
    "EmptyBody",
    "FakturahubError",
    "IdempotencyConflict",
    "InsufficientCredit",
    "InternalFault",
    "InvalidDocument",
    "InvalidToken",
    "MasterKeyError",
    "MethodNotAllowed",
    "MissingFile",
    "MissingTerm",
    "NoBusinessDocument",
    "NoContract",
    "NoWay",
    "NotAcceptable",
    "NotAuthenticated",
    "NotFound",
    "NotWellFormed",
    "NotXml",
    "OperatorError",
    "Overloaded",
    "PackRefused",
    "PackUnusable",
    "PayloadCorrupt",
    "PayloadStoreUnavailable",
    "PermissionDenied",
    "PrivateServerError",
    "ProvisioningError",
    "RateLimited",
    "Refused",
    "RenderingFailed",
    "RulesFailed",
    "SchemaTooNew",
    "SchemaTooOld",
    "SellerMismatch",
    "SeveralDocuments",
    "StalePack",
    "TargetRefused",
    "TooDeep",
    "TooLarge",
    "TooManyDocuments",
    "TooManyParts",
    "TransferUnreadable",
    "Unavailable",
    "UnknownCharset",
    "UnknownDocument",
    "UnknownPath",
    "UnreadableAttachment",
    "UnrenderableDocument",
    "UnsupportedMediaType",
    "UnusableCredential",
    "UnwritableDocument",
    "WrongCharset",
    "WrongState",
    "ZipTooLarge",
    "ZipUnreadable",
    "ZipUnsafe",
    "every_error",
]
