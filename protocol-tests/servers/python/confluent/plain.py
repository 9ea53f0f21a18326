"""Values as the JSON that readers are compared by: bytes in hexadecimal digits, decimals as text, times as numbers of their unit."""

import datetime
import decimal
import uuid

EPOCH = datetime.datetime(1970, 1, 1)
MICROSECOND = datetime.timedelta(microseconds=1)


def micros(moment):
    """Microseconds since 1970 of a moment, in UTC where it has a zone."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return (moment - EPOCH) // MICROSECOND


def plain(value):
    """`value` with nothing in it that JSON does not have; moments and times in microseconds."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, uuid.UUID):
        return value.hex
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, datetime.datetime):
        return micros(value)
    if isinstance(value, datetime.date):
        return (value - EPOCH.date()).days
    if isinstance(value, datetime.time):
        return (datetime.datetime.combine(EPOCH.date(), value) - EPOCH) // MICROSECOND
    return value
