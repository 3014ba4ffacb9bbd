"""A second factor beside the password: six digits of an authenticator app (TOTP, RFC 6238), each good
once, or one of ten recovery codes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from typing import Any

import pyotp
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from featurememory.access import sign_in_limits
from featurememory.audit.record import record
from featurememory.audit.sign_ins import record_failure
from featurememory.models import RecoveryCode, SecondFactor

ISSUER, STEP_S = "Feature Memory", 30
# Clocks of phones differ: the codes of the half minute before and after are good too.
DRIFT = (0, -1, 1)
RECOVERY_CODES = 10
DIGITS = re.compile(r"[0-9]{6}")


def is_enabled(user: Any) -> bool:
    return SecondFactor.objects.filter(user_id=user.pk, confirmed_at__isnull=False).exists()


def begin_enrolment(user: Any) -> None:
    """A new secret, of no effect until a code confirms it; one in use stays."""
    if not is_enabled(user):
        values = {"secret": seal_text(pyotp.random_base32()), "last_step": 0}
        SecondFactor.objects.update_or_create(user=user, defaults=values)


def find_waiting_secret(user: Any) -> str | None:
    """The secret that waits for its first code, to be shown."""
    row = SecondFactor.objects.filter(user=user, confirmed_at=None).first()
    return open_text(row.secret) if row else None


def write_address(user: Any, secret: str) -> str:
    """What authenticator apps read from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=user.get_username(), issuer_name=ISSUER)


def confirm_enrolment(user: Any, text: str) -> list[str] | None:
    """From now on sign-in asks for a code. The recovery codes, shown once; None: the code was wrong."""
    row = SecondFactor.objects.filter(user=user, confirmed_at=None).first()
    if row is None or not accept_digits(row, text):
        return None
    with transaction.atomic():
        SecondFactor.objects.filter(pk=row.pk).update(confirmed_at=timezone.now())
        record(None, "factor.enabled", user.get_username())
        return make_recovery_codes(row)


def renew_recovery_codes(user: Any) -> list[str]:
    """New ones; those of before are good no more."""
    with transaction.atomic():
        record(None, "factor.renewed", user.get_username(), reason="new recovery codes")
        return make_recovery_codes(SecondFactor.objects.get(user=user))


def make_recovery_codes(row: SecondFactor) -> list[str]:
    codes = [secrets.token_hex(8) for _ in range(RECOVERY_CODES)]
    row.codes.all().delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(factor=row, digest=digest_of(row, code)) for code in codes
    )
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in codes]


def remove_factor(user: Any, actor: str = "") -> bool:
    """Sign-in asks for the password alone again; False when it did before."""
    with transaction.atomic():
        gone = SecondFactor.objects.filter(user=user).delete()[0]
        if gone:
            record(None, "factor.removed", user.get_username(), actor=actor)
    return bool(gone)


def verify(user: Any, text: str, address: str) -> str:
    """ "code" or "recovery code" when it is good and, with that, used up; "" when it is wrong.

    Raises SignInRefused like a password: wrong codes count with wrong passwords.
    """
    name = user.get_username()
    with sign_in_limits.take_hash_turn():
        sign_in_limits.refuse_throttled(name, address)
        found = accept_code(user, text)
        if not found:
            sign_in_limits.note_failure(name, address, known=True, what="code")
            record_failure(name, "wrong code")
    return found


def accept_code(user: Any, text: str) -> str:
    row = SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).first()
    if row is None:
        return ""
    if DIGITS.fullmatch(text.replace(" ", "")):
        return "code" if accept_digits(row, text) else ""
    digest = digest_of(row, re.sub(r"[ -]", "", text).lower())
    used = RecoveryCode.objects.filter(factor=row, digest=digest).delete()[0]
    return "recovery code" if used else ""


def accept_digits(row: SecondFactor, text: str) -> bool:
    """Whether it is the code of about now; nobody who saw it can use it again."""
    digits, secret, now = text.replace(" ", ""), open_text(row.secret), int(time.time())
    if secret is None or not DIGITS.fullmatch(digits):
        return False
    app = pyotp.TOTP(secret)
    steps = [now // STEP_S + drift for drift in DRIFT]
    good = [step for step in steps if hmac.compare_digest(app.at(step * STEP_S), digits)]
    fresh = SecondFactor.objects.filter(pk=row.pk, last_step__lt=max(good, default=0))
    return bool(good) and bool(fresh.update(last_step=max(good)))


def digest_of(row: SecondFactor, code: str) -> str:
    """Fast is right here: a code is random, 64 bits of it."""
    text = f"{row.pk} {code}".encode("utf-8", "replace")
    return hashlib.blake2b(text, digest_size=32).hexdigest()


def seal_text(text: str) -> str:
    """Encrypted with a key made from SECRET_KEY, so that a copy of the database alone tells nothing."""
    return str(cipher().encrypt(text.encode()).decode())


def open_text(sealed: str) -> str | None:
    """None when SECRET_KEY is another one now: recovery codes still work, or a reset."""
    from cryptography.fernet import InvalidToken

    try:
        return str(cipher().decrypt(sealed.encode()).decode())
    except InvalidToken:
        return None


def cipher() -> Any:
    from cryptography.fernet import Fernet  # 8 MB: only where somebody has a second factor

    key = hashlib.blake2b(settings.SECRET_KEY.encode(), digest_size=32, person=b"second-factor")
    return Fernet(base64.urlsafe_b64encode(key.digest()))
