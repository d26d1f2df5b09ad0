"""The record: entries, the tree they make, who signed it, and proofs that stand alone.

Everything here is a pure function of its arguments: no clock, no chance, no file.
"""

from clearline.record import canonical, tiles
from clearline.record.audit import Report
from clearline.record.audit import verify as verify_bundle
from clearline.record.bundle import Contents, FeedContents, pack
from clearline.record.checkpoint import (
    Checkpoint,
    Receipt,
    SignedCheckpoint,
    Signer,
    Verifier,
    cosign,
    open_cosignatures,
    open_signed,
    origin_of,
    sign,
)
from clearline.record.entry import MAX_ENTRY_BYTES, MAX_RE, Entry, decode, encode
from clearline.record.keys import (
    AuthorKey,
    AuthorVerifier,
    MirrorKey,
    MirrorVerifier,
    PublicKeys,
    check_keys,
    fingerprint,
    has_key_twice,
    public_keys,
)
from clearline.record.mirror import (
    MAX_APPEND_BYTES,
    MAX_APPEND_ENTRIES,
    Admitted,
    AppendRequest,
    Fork,
    ForkEvidence,
    WrongSize,
    admit,
    build_append,
    parse_append,
    verify_fork,
)
from clearline.record.proof import Proven, build_proof, verify_proof
from clearline.record.tree import (
    EMPTY_ROOT,
    Frontier,
    Tree,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)

__all__ = [
    "EMPTY_ROOT",
    "MAX_APPEND_BYTES",
    "MAX_APPEND_ENTRIES",
    "MAX_ENTRY_BYTES",
    "MAX_RE",
    "Admitted",
    "AppendRequest",
    "AuthorKey",
    "AuthorVerifier",
    "Checkpoint",
    "Contents",
    "Entry",
    "FeedContents",
    "Fork",
    "ForkEvidence",
    "Frontier",
    "MirrorKey",
    "MirrorVerifier",
    "Proven",
    "PublicKeys",
    "Receipt",
    "Report",
    "SignedCheckpoint",
    "Signer",
    "Tree",
    "Verifier",
    "WrongSize",
    "admit",
    "build_append",
    "build_proof",
    "canonical",
    "check_keys",
    "cosign",
    "decode",
    "encode",
    "fingerprint",
    "has_key_twice",
    "leaf_hash",
    "open_cosignatures",
    "open_signed",
    "origin_of",
    "pack",
    "parse_append",
    "public_keys",
    "sign",
    "tiles",
    "verify_bundle",
    "verify_consistency",
    "verify_fork",
    "verify_inclusion",
    "verify_proof",
]
