"""The invented team: who works here, in which groups and channels."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sandbox.workspace.common import APP_ID, BOT_ID, BOT_USER_ID, TEAM_ID, Json


@dataclass(frozen=True)
class Person:
    """A member of the team. `role` is the role in billing that the person's user group stands for, if any."""

    id: str
    username: str
    name: str
    title: str
    locale: str
    tz: str
    tz_label: str
    tz_offset: int
    color: str
    role: str | None = None
    is_guest: bool = False

    @property
    def first_name(self) -> str:
        return self.name.split()[0]

    @property
    def email(self) -> str:
        return f"{self.username}@brightwell.example"


def _berlin(id_: str, name: str, title: str, *, color: str, role: str | None = None) -> Person:
    username = name.lower().replace(" ", ".")
    return Person(id_, username, name, title, "de-DE", "Europe/Berlin", "Central European Time", 3600, color, role=role)


PEOPLE = (
    _berlin("U07MIABRNDT", "Mia Brandt", "Support agent", color="#7b3f99", role="agent"),
    _berlin("U07JONASWBR", "Jonas Weber", "Sales representative", color="#1f6feb", role="sales"),
    Person(
        id="U07PRIYANAR",
        username="priya.nair",
        name="Priya Nair",
        title="Billing manager",
        locale="en-GB",
        tz="Europe/London",
        tz_label="Greenwich Mean Time",
        tz_offset=0,
        color="#b35309",
        role="manager",
    ),
    Person(
        id="U07ALEXMRNO",
        username="alex.moreno",
        name="Alex Moreno",
        title="Billing systems administrator",
        locale="en-US",
        tz="America/New_York",
        tz_label="Eastern Standard Time",
        tz_offset=-18000,
        color="#0f766e",
        role="admin",
    ),
    _berlin("U07LENAVOGT", "Lena Vogt", "Software engineer", color="#64748b"),
    _berlin("U07TOMKELLR", "Tom Keller", "Office manager", color="#9f1239"),
    Person(
        id="U07GUESTRAY",
        username="ray.okafor",
        name="Ray Okafor",
        title="Auditor (guest)",
        locale="en-GB",
        tz="Europe/London",
        tz_label="Greenwich Mean Time",
        tz_offset=0,
        color="#4d7c0f",
        is_guest=True,
    ),
)

BY_ID = {person.id: person for person in PEOPLE}
BY_ROLE = {person.role: person for person in PEOPLE if person.role}


@dataclass(frozen=True)
class UserGroup:
    id: str
    handle: str
    name: str
    role: str

    @property
    def users(self) -> list[str]:
        return [person.id for person in PEOPLE if person.role == self.role]


USER_GROUPS = (
    UserGroup("S07BILLAGNT", "billing-agents", "Billing: agents", "agent"),
    UserGroup("S07BILLSALE", "billing-sales", "Billing: sales", "sales"),
    UserGroup("S07BILLMNGR", "billing-managers", "Billing: managers", "manager"),
    UserGroup("S07BILLADMN", "billing-admins", "Billing: administrators", "admin"),
)


@dataclass(frozen=True)
class Channel:
    """A channel (`is_private` or not) or, with `person`, the direct messages between that person and the app."""

    id: str
    name: str
    topic: str
    members: tuple[str, ...]
    is_private: bool = False
    person: str | None = None

    @property
    def kind(self) -> str:
        if self.person:
            return "im"
        return "private" if self.is_private else "channel"

    def sees(self, user: str) -> bool:
        """Whether the user may read here: public channels are open to everybody but guests."""
        if user in self.members:
            return True
        return self.kind == "channel" and not (user in BY_ID and BY_ID[user].is_guest)


_STAFF = tuple(person.id for person in PEOPLE if not person.is_guest)
_ROLES = tuple(person.id for person in PEOPLE if person.role)
_GUEST = "U07GUESTRAY"

CHANNELS = (
    Channel("C07GENERAL0", "general", "Company-wide announcements", _STAFF),
    Channel("C07SUPPORT0", "support", "Questions from customers", (*_STAFF, _GUEST, BOT_USER_ID)),
    Channel("C07SALES000", "sales", "Deals, quotes, renewals", (*_STAFF, BOT_USER_ID)),
    Channel("C07APPROVAL", "billing-approvals", "Decisions on changes", (*_ROLES, BOT_USER_ID), is_private=True),
    Channel("C07RANDOM00", "random", "Everything else", _STAFF),
)

# (channel, username, text), oldest first, so that nobody opens an empty workspace.
SMALL_TALK = (
    ("general", "tom.keller", "The kitchen on the second floor is open again. Coffee is on me until noon."),
    ("general", "priya.nair", "Month end is on Monday: please have open change requests decided by Friday."),
    ("sales", "jonas.weber", "Two renewals signed this morning. I'll put the seats through after lunch."),
    ("support", "mia.brandt", "I'm on the billing queue today, shout if something is stuck."),
    ("random", "lena.vogt", "Who took the good whiteboard pens?"),
)


def im_id(user: str) -> str:
    """The id of the direct messages between the app and the user."""
    return "D" + user[1:]


def direct_messages(person: Person) -> Channel:
    return Channel(im_id(person.id), "directmessage", "", (person.id, BOT_USER_ID), person=person.id)


def user_json(person: Person, *, with_email: bool) -> Json:
    """The user object of users.info; the e-mail address only with the scope users:read.email."""
    profile: Json = {
        "title": person.title,
        "real_name": person.name,
        "real_name_normalized": person.name,
        "display_name": person.first_name,
        "display_name_normalized": person.first_name,
        "first_name": person.first_name,
        "last_name": person.name.split()[-1],
        "team": TEAM_ID,
    }
    if with_email:
        profile["email"] = person.email
    return {
        "id": person.id,
        "team_id": TEAM_ID,
        "name": person.username,
        "deleted": False,
        "color": person.color.removeprefix("#"),
        "real_name": person.name,
        "tz": person.tz,
        "tz_label": person.tz_label,
        "tz_offset": person.tz_offset,
        "profile": profile,
        "is_admin": False,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": person.is_guest,
        "is_ultra_restricted": person.is_guest,
        "is_bot": False,
        "is_app_user": False,
        "updated": 1767225600,
        "locale": person.locale,
    }


def bot_user_json(name: str) -> Json:
    return {
        "id": BOT_USER_ID,
        "team_id": TEAM_ID,
        "name": name.lower(),
        "deleted": False,
        "real_name": name,
        "profile": {"real_name": name, "display_name": name, "api_app_id": APP_ID, "bot_id": BOT_ID, "team": TEAM_ID},
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_bot": True,
        "is_app_user": False,
        "locale": "en-US",
    }


def channel_json(channel: Channel) -> Json:
    """The conversation object of conversations.info."""
    if channel.person:
        return {"id": channel.id, "is_im": True, "user": channel.person, "is_archived": False, "created": 1767225600}
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_archived": False,
        "is_general": channel.name == "general",
        "is_member": BOT_USER_ID in channel.members,
        "num_members": len(channel.members),
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": channel.topic, "creator": "", "last_set": 0},
        "created": 1767225600,
        "context_team_id": TEAM_ID,
    }
