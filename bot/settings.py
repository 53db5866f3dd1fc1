"""Everything that is set from outside, read from the environment (or a `.env` file) once at the start."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from billing.documents.sharing import LIFETIME
from billing.roles import Role

DEFAULT_DATABASE = "sqlite:///var/kontor.db"
SLACK_API = "https://slack.com/api/"
STRIPE_API = "https://api.stripe.com"
VIES_API = "https://ec.europa.eu/taxation_customs/vies/rest-api"


class CannotStart(Exception):
    """Something that the person at the terminal can mend; the text says how, in one line."""


class WrongSettings(CannotStart):
    """One line that names every setting that is missing or wrong, and where to get it."""


def _web_address(url: str) -> str:
    if not (url.startswith(("http://", "https://")) and urlsplit(url).hostname):
        raise ValueError("must be an address that begins with http:// or https://")
    return url


def _ends_with_slash(url: str) -> str:
    return url if url.endswith("/") else url + "/"


def _is_local(url: str) -> bool:
    """Whether only this machine, or its network, knows the way there."""
    host = urlsplit(url).hostname or ""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


WebAddress = Annotated[str, AfterValidator(_web_address)]


class LocalSettings(BaseSettings):
    """Where the rows are, what is sold and where we are reached: for commands that talk to neither Slack nor Stripe.

    The description of each field says where its value comes from.
    """

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    database_url: str = Field(
        DEFAULT_DATABASE,
        description="sqlite:///FILE, or postgresql://USER:PASSWORD@HOST/NAME for several processes",
    )
    kontor_catalogue: Path = Field(Path(__file__).with_name("catalogue.toml"), description="the file of what you sell")
    kontor_public_url: WebAddress = Field(
        "http://127.0.0.1:8702", description="the address at which Slack, Stripe and customers reach this program"
    )

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value.startswith("postgres://"):  # what some platforms still hand out
            value = "postgresql://" + value.removeprefix("postgres://")
        if not value.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        if value in ("sqlite:///", "sqlite:///:memory:"):
            raise ValueError("must name a file: other processes have to see it")
        if not _has_sound_port(urlsplit(value)):
            raise ValueError("cannot be read; in a password, write @ as %40, / as %2F and : as %3A")
        return value


class Settings(LocalSettings):
    """All environment variables."""

    slack_signing_secret: SecretStr = Field(
        description="api.slack.com/apps > your app > Basic Information > App Credentials > Signing Secret"
    )
    slack_bot_token: SecretStr = Field(
        description="api.slack.com/apps > your app > OAuth & Permissions > Bot User OAuth Token (xoxb-...)"
    )
    slack_app_token: SecretStr | None = Field(
        None,
        description="only for --socket-mode: Basic Information > App-Level Tokens, scope connections:write (xapp-...)",
    )
    slack_api_url: Annotated[WebAddress, AfterValidator(_ends_with_slash)] = Field(
        SLACK_API, description="where Slack's Web API is; another address for the local workspace"
    )
    stripe_api_key: SecretStr = Field(
        description="dashboard.stripe.com > Developers > API keys > Secret key or a restricted key (sk_... or rk_...)"
    )
    stripe_webhook_secret: SecretStr = Field(
        description="dashboard.stripe.com > Developers > Webhooks > your endpoint > Signing secret (whsec_...)"
    )
    stripe_api_url: WebAddress = Field(
        STRIPE_API, description="where Stripe's API is; another address for the local Stripe"
    )
    smtp_url: SecretStr | None = Field(
        None, description="smtp://USER:PASSWORD@HOST:PORT or smtps://..., for the mails that customers get"
    )

    kontor_vies_url: WebAddress = Field(
        VIES_API, description="where the EU's register of VAT ids is; asked only if the catalogue's file says so"
    )
    kontor_stripe_dashboard: WebAddress = Field(
        "https://dashboard.stripe.com", description="where links to Stripe's objects lead"
    )
    kontor_clock_url: WebAddress | None = Field(
        None,
        description="where the local Stripe says what time it is there; only for the demo, whose time can be moved on",
    )
    kontor_stripe_rate: float = Field(80, gt=0, description="calls to Stripe a second, over all processes")
    kontor_role_groups: Annotated[dict[str, Role], NoDecode] = Field(
        {
            "billing-agents": Role.AGENT,
            "billing-sales": Role.SALES,
            "billing-managers": Role.MANAGER,
            "billing-admins": Role.ADMIN,
        },
        description="Slack user groups that give a role: handle=role,handle=role",
    )
    kontor_managers_channel: str | None = Field(
        None,
        pattern=r"^[CG][A-Z0-9]+$",
        description="the id (C...) of the channel where managers are told things; customers' data is shown there",
    )
    kontor_concurrency: int = Field(16, gt=0, description="operations that one worker process performs at once")
    kontor_own_events_delay: float = Field(
        2.0, ge=0, description="seconds that Stripe's events about our own calls wait, so that one look serves a burst"
    )
    kontor_web_threads: int = Field(64, gt=0, description="requests that one web process answers at once")
    kontor_web_processes: int = Field(1, gt=0, description="web processes; more than one needs PostgreSQL")
    kontor_worker_metrics_port: int | None = Field(
        None, gt=0, lt=65536, description="port on 127.0.0.1 where a worker shows its Prometheus metrics"
    )
    kontor_settle_seconds: float = Field(
        0.4, ge=0, description="how old an operation must be before its result replaces the waiting view in Slack"
    )
    kontor_keep_jobs_days: int = Field(30, gt=0, description="days after which the engine forgets finished jobs")
    kontor_document_link_days: int = Field(
        LIFETIME.days, gt=0, le=3650, description="days for which a link to a customer's document is good"
    )
    kontor_log_format: Literal["json", "text"] = Field("json", description="json for machines, text for a terminal")
    kontor_log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="the least that is logged"
    )

    @field_validator("kontor_role_groups", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [pair.partition("=") for pair in value.split(",") if pair.strip()]
        groups = {handle.strip().lstrip("@"): role.strip() for handle, _, role in pairs}
        wrong = [handle for handle, role in groups.items() if not handle or role not in set(Role)]
        if wrong:
            raise ValueError(f"must be handle=role with a role of {', '.join(Role)}; not so: {', '.join(wrong)}")
        return groups

    @field_validator(
        "slack_signing_secret", "slack_bot_token", "slack_app_token", "stripe_api_key", "stripe_webhook_secret"
    )
    @classmethod
    def _without_spaces(cls, value: SecretStr | None) -> SecretStr | None:
        """What is copied from a page often has a space or a line's end with it."""
        return SecretStr(value.get_secret_value().strip()) if value else value

    @field_validator("slack_signing_secret")
    @classmethod
    def _not_empty(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value():
            raise ValueError("must not be empty")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        parts = urlsplit(value.get_secret_value()) if value else None
        if parts and not (parts.scheme in ("smtp", "smtps") and parts.hostname):
            raise ValueError("must begin with smtp:// or smtps:// and name a host")
        if parts and not _has_sound_port(parts):
            raise ValueError("has a port that is none; in a password, write @ as %40, / as %2F and : as %3A")
        return value

    @field_validator("slack_bot_token")
    @classmethod
    def _bot_token(cls, value: SecretStr) -> SecretStr:
        return _prefixed(value, "xoxb-")

    @field_validator("slack_app_token")
    @classmethod
    def _app_token(cls, value: SecretStr | None) -> SecretStr | None:
        return _prefixed(value, "xapp-") if value else value

    @field_validator("stripe_api_key")
    @classmethod
    def _stripe_key(cls, value: SecretStr) -> SecretStr:
        return _prefixed(value, "sk_", "rk_")

    @field_validator("stripe_webhook_secret")
    @classmethod
    def _webhook_secret(cls, value: SecretStr) -> SecretStr:
        return _prefixed(value, "whsec_")

    @property
    def on_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def slack_can_fetch(self) -> bool:
        """Whether Slack reaches our pages: the real one cannot come to an address inside a machine or a network."""
        return _is_local(self.slack_api_url) or not _is_local(self.kontor_public_url)

    @property
    def links_last(self) -> timedelta:
        """How long a link to a document is good."""
        return timedelta(days=self.kontor_document_link_days)

    @property
    def test_mode(self) -> bool:
        return "_test_" in self.stripe_api_key.get_secret_value()


def _has_sound_port(address: SplitResult) -> bool:
    try:
        address.port  # noqa: B018 - reading it is the check
    except ValueError:
        return False
    return True


def _prefixed(value: SecretStr, *prefixes: str) -> SecretStr:
    if not value.get_secret_value().startswith(prefixes):
        raise ValueError("must begin with " + " or ".join(prefixes))
    return value


def load() -> Settings:
    """Read the settings, or raise WrongSettings."""
    return _read(Settings)


def load_local() -> LocalSettings:
    """Read only those, or raise WrongSettings."""
    return _read(LocalSettings)


S = TypeVar("S", bound=LocalSettings)


def _read(kind: type[S]) -> S:
    try:
        return kind()
    except UnicodeDecodeError as error:
        raise WrongSettings(f"the file .env is not UTF-8: {error.reason} at byte {error.start}") from None
    except ValidationError as error:
        raise WrongSettings("; ".join(_explain(problem["loc"], problem["msg"]) for problem in error.errors())) from None


def _explain(location: tuple[int | str, ...], message: str) -> str:
    name = str(location[0])
    field = Settings.model_fields.get(name)
    where = f" ({field.description})" if field and field.description else ""
    return f"{name.upper()}: {message.removeprefix('Value error, ').lower()}{where}"
