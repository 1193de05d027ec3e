"""Timestamptz: texts in and out, microseconds since 1970 inside (pkg/util/timestamptz)."""

import datetime
import re
import zoneinfo

from base import invalid

# Go's time.Parse takes a fraction wherever seconds are, whether the layout has one or not
TEXT = re.compile(r"(\d{4})-(\d\d)-(\d\d)([T ])(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[+-]\d\d(?::\d\d)?)?")
MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def valid_zone(name):
    try:
        zoneinfo.ZoneInfo(name)
        return True
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False


def days_of(year, month, day):
    """Days since 1970-01-01; Go knows the year 0, Python's dates do not."""
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


def date_of(days):
    era, of_era = divmod(days + 719468, 146097)
    years = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * years + years // 4 - years // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return years + era * 400 + (month <= 2), month, of_year - (153 * shifted + 2) // 5 + 1


def offset_at(zone, local_or_utc, year, month, day, rest):
    """Seconds that a named zone is ahead of UTC then."""
    if zone in ("", "UTC", None):
        return 0
    year = min(max(year, 2), 9998)
    moment = datetime.datetime(year, month, min(day, 28) if month == 2 else day) + datetime.timedelta(seconds=rest)
    if local_or_utc == "local":
        return int(moment.replace(tzinfo=zoneinfo.ZoneInfo(zone)).utcoffset().total_seconds())
    moment = moment.replace(tzinfo=datetime.timezone.utc).astimezone(zoneinfo.ZoneInfo(zone))
    return int(moment.utcoffset().total_seconds())


def micros_of(text, zone):
    """ParseTimeTz and UnixMicro, or None."""
    found = TEXT.fullmatch(text)
    if not found:
        return None
    year, month, day = (int(part) for part in found.groups()[:3])
    hour, minute, second = (int(part) for part in found.groups()[4:7])
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not (1 <= month <= 12 and 1 <= day <= MONTHS[month - 1] + leap and hour < 24 and minute < 60 and second < 60):
        return None
    offset = found.group(9)
    if offset is None:
        ahead = offset_at(zone, "local", year, month, day, hour * 3600 + minute * 60 + second)
    elif offset == "Z":
        ahead = 0
    else:
        if len(offset) == 3 and found.group(4) == "T":
            return None
        ahead = (int(offset[1:3]) * 3600 + int(offset[4:6] or 0) * 60) * (-1 if offset[0] == "-" else 1)
        if not -12 * 3600 <= ahead <= 14 * 3600:
            return None
    seconds = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - ahead
    return seconds * 1000000 + int((found.group(8) or "0").ljust(6, "0")[:6])


def parse(text, zone):
    micros = micros_of(text, zone)
    if micros is None:
        raise invalid("got invalid timestamptz string '%s': invalid timezone name; must be a valid IANA Time Zone ID "
                      "(e.g., 'Asia/Shanghai' or 'UTC')", text)
    return micros


class Parts(str):
    """A zone, and the parts of an instant that are asked for in place of its text (the parameter time_fields)."""

    KNOWN = ("year", "month", "day", "hour", "minute", "second", "microsecond")

    def __new__(cls, zone, text):
        made = super().__new__(cls, zone)
        made.names = [name for name in re.split("[, ]", text) if name]
        return made

    def of(self, micros):
        """extractFields, which looks at the names when there is a value to take apart."""
        found = dict(zip(self.KNOWN, taken_apart(micros, self)[:7]))
        for name in self.names:
            if name.lower() not in found:
                raise invalid("unsupported field for extraction: %s, fields should be seprated by ',' or ' '", name)
        return [found[name.lower()] for name in self.names]


def taken_apart(micros, zone):
    """Year, month, day, hour, minute, second, microsecond there, and how many seconds that is ahead of UTC."""
    seconds, fraction = divmod(micros, 1000000)
    days, rest = divmod(seconds, 86400)
    ahead = offset_at(zone, "utc", *date_of(days), rest)
    days, rest = divmod(seconds + ahead, 86400)
    return (*date_of(days), rest // 3600, rest // 60 % 60, rest % 60, fraction, ahead)


def shown(micros, zone):
    """RFC 3339 with at most 6 digits of fraction and no zeros at their end; Z where the offset is nothing."""
    *parts, fraction, ahead = taken_apart(micros, zone)
    text = "%04d-%02d-%02dT%02d:%02d:%02d" % tuple(parts)
    if fraction:
        text += (".%06d" % fraction).rstrip("0")
    if not ahead:
        return text + "Z"
    return text + "%s%02d:%02d" % ("-" if ahead < 0 else "+", abs(ahead) // 3600, abs(ahead) // 60 % 60)
