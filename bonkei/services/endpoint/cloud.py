"""The life cycle: the endpoint starts at once, MiniStack while Terraform runs, then the resources
are created. If they exist from the last run, MiniStack starts when it is called."""

from __future__ import annotations

import asyncio
import time
from base64 import b64encode
from collections import ChainMap
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import quote

from bonkei.base.arn import Arn
from bonkei.base.aws_service import AwsService, Caller, Operations, RoleSession
from bonkei.base.vault import Vault
from bonkei.blueprint import Blueprint
from bonkei.blueprint.secretsmanager import Secret
from bonkei.services.endpoint.answering import Answering
from bonkei.services.endpoint.asking import Asking
from bonkei.services.endpoint.aws_client import AwsClient
from bonkei.services.endpoint.backing.passing import Passing
from bonkei.services.endpoint.backing.process import MiniStack
from bonkei.services.endpoint.calls.disturbance import Disturb
from bonkei.services.endpoint.calls.record import CallLog, Record
from bonkei.services.endpoint.client import JsonClient
from bonkei.services.endpoint.endpoint import Beside, Endpoint
from bonkei.services.endpoint.identity import database_token, git_signature
from bonkei.services.endpoint.identity.credentials import Credentials, Issuer
from bonkei.services.endpoint.identity.environments import CallerEnvironments
from bonkei.services.endpoint.identity.key import load_key
from bonkei.services.endpoint.json_calls import Address
from bonkei.services.endpoint.looking import Looking
from bonkei.services.endpoint.notifying import Notifying
from bonkei.services.endpoint.objects import Objects
from bonkei.services.endpoint.own import secrets_manager, service_quotas, sts
from bonkei.services.endpoint.permission.authorizer import Authorizer
from bonkei.services.endpoint.permission.estate import Estate, read_others
from bonkei.services.endpoint.permission.ledger import Ledger
from bonkei.services.endpoint.permission.network import NetworkWays
from bonkei.services.endpoint.permission.notifications import permitted
from bonkei.services.endpoint.permission.requirement import Place
from bonkei.services.endpoint.permission.written import WrittenPolicies
from bonkei.services.endpoint.port.bodies import Bodies
from bonkei.services.endpoint.port.certificate import ca_file, load_tls
from bonkei.services.endpoint.provision.declared import DeclaredResources, Environments
from bonkei.services.endpoint.provision.step import S3Step
from bonkei.services.endpoint.provision.wanted import FALLBACK_REGION, find_region, wanted
from bonkei.services.endpoint.services import BACKED
from bonkei.services.endpoint.settings import CloudSettings


@dataclass(frozen=True, slots=True)
class CloudSnapshot:
    """`store`: starting | available | failed. `notes`: differences from the declarations.
    `ca_file`: the certificate authority for TLS clients on the same port; empty without a
    certificate."""

    url: str
    region: str
    store: str
    notes: tuple[str, ...]
    ca_file: str = ""


class Cloud:
    """Call `start` first, `apply` with each blueprint, and always `stop`.

    `services`: those of the miniature's services, by botocore's names. More may be added later.
    `beside`: other servers on the port, by the beginning of the path.

    `store` is MiniStack, `ledger` has the permissions that were used, and `aws` is how the
    miniature's services call one another.
    """

    def __init__(
        self,
        settings: CloudSettings,
        vault: Vault,
        environments: Environments,
        services: Mapping[str, AwsService],
        report: Callable[[str], None],
        beside: Mapping[str, Beside] | None = None,
    ) -> None:
        self.settings = settings
        self.region = FALLBACK_REGION  # that of the definitions
        self.undecided: tuple[str, ...] = ()
        """The roles without decisions about their calls, and the reason."""
        self._report = report
        self._blueprint = Blueprint()
        self._issuer = Issuer(load_key(settings.directory), settings.account)
        self._calls = CallLog(settings.directory / "calls.jsonl")
        self.ledger = Ledger(settings.directory)
        self._authorizer = Authorizer(settings.enforce, self.ledger)
        self._network = NetworkWays(settings.enforce, self.ledger, report)
        self.asks = Asking(self._authorizer, self._issuer)

        def url() -> str:
            return self._endpoint.url

        def region() -> str:
            return self.region

        self._answered = own = self._own(services, vault)
        self.aws = AwsClient(own, self.asks, self._issuer, self._calls, self._call, region)
        self._notifying = Notifying(self.aws, report)
        self.store = MiniStack(settings, report, self._notifying.take)
        self._written = WrittenPolicies(settings.directory / "written-policies.json")
        self._declared = DeclaredResources(settings, self.store, environments, report)
        bodies = Bodies(settings.limits)
        self._endpoint = Endpoint(
            self._issuer,
            Answering(own, report=report),
            Passing(self.store, settings.account, bodies),
            self._calls,
            self._authorizer,
            self._network,
            report=report,
            limits=settings.limits,
            bodies=bodies,
            beside=beside,
            written=self._written,
            vault=vault,
        )
        self._ca_file = ""
        self.callers = CallerEnvironments(self._issuer, url, region, lambda: self._blueprint.roles)
        self._client = JsonClient()
        self.looking = Looking(self._client, self._issuer.person, url, region)
        self.objects = Objects(self._credentials, url, region)

    async def start(self) -> None:
        """The endpoint listens, and MiniStack can be called. Raises CloudError if the port is
        taken."""
        self._calls.open()
        self.ledger.open()
        self._written.open()
        await self._endpoint.start(self.settings.port)
        await self._speak_tls()
        self._declared.start()

    async def apply(self, blueprint: Blueprint, *, check_later: bool = False) -> None:
        """Create the declared resources. At a start without changes, they are checked later, in
        the background. So they are with `check_later`, which a call of `check` follows. If the
        store has failed, the endpoint reports it to callers.
        """
        self._blueprint = blueprint
        self.region = find_region(blueprint)
        self._issuer.follow(role.arn for role in blueprint.roles)
        place, others = Place(self.settings.account, self.region), self.settings.policies
        self._written.follow(blueprint)
        estate = Estate(blueprint, place, read_others(others), self._policy_of)
        self._authorizer.use(estate)
        self.undecided = estate.undecided() if self.settings.enforce != "off" else ()
        self._network.use(blueprint)
        things = wanted(self._deliverable(blueprint), self.region)
        await self._declared.apply(things, check_later=check_later)

    def check(self) -> None:
        """Check now what was left for later: no caller waits any more."""
        self._declared.check()

    async def put_object(self, bucket: str, key: str, content: bytes) -> str:
        """Put an object as an AWS service does. Returns the error's code and message, or an empty
        text."""
        step = S3Step("PUT", f"/{bucket}/{quote(key)}", base64=b64encode(content).decode())
        code, message = await self._declared.take(step, self.region)
        return f"{code}: {message}" if code else ""

    async def has_bucket(self, name: str) -> bool:
        """Whether S3 has the bucket, by any creator."""
        code, _ = await self._declared.take(S3Step("HEAD", f"/{name}"), self.region)
        return not code

    async def _call(
        self, who: RoleSession, service: str, target: str, content: Mapping[str, Any], region: str
    ) -> Mapping[str, Any]:
        """A call of a JSON protocol through the endpoint. Raises AwsServiceError."""
        credentials = self._credentials(who.role, who.name)
        address = Address(self._endpoint.url, service, region)
        return await self._client.call(credentials, address, target, content)

    def _credentials(self, role_arn: str, session: str) -> Credentials:
        """The credentials of a role's session or, without one, of the user."""
        if not role_arn:
            return self._issuer.person()
        return self._issuer.assume(role_arn, session, now=time.time(), seconds=900)

    def hear(self, listener: Callable[[Record], None]) -> None:
        """Call `listener` with each finished call, before its answer is sent."""
        self._calls.hear(listener)

    def git_caller(self, name: str, password: str, place: tuple[str, str], region: str) -> Caller:
        """The caller who signed in to a CodeCommit repository. `place`: the host and the path.
        `region`: the repository's. Raises AwsServiceError."""
        now = time.time()
        secrets = partial(self._issuer.secret_of, now=now)
        return git_signature.verify(name, password, place, region, secrets, now=now)

    def token_caller(self, token: str, places: Collection[str], user: str, region: str) -> Caller:
        """The caller who signed in to a database. `places`: the cluster's names and addresses, with
        the port. Raises AwsServiceError."""
        now = time.time()
        secrets = partial(self._issuer.secret_of, now=now)
        return database_token.verify(token, places, user, region, secrets, now=now)

    def disturb(self, disturb: Disturb | None) -> None:
        """From now on, `disturb` decides which calls are delayed or refused; None ends this."""
        self._endpoint.disturb = self.aws.disturb = disturb

    def follow_network(self, blueprint: Blueprint) -> None:
        """From now on, calls take the routes of these definitions instead of the declared ones,
        until the next `apply`."""
        self._network.use(blueprint)

    @property
    def served(self) -> tuple[str, ...]:
        """The services that answer, by botocore's names."""
        return tuple(sorted({*BACKED, *self._answered}))

    def snapshot(self) -> CloudSnapshot:
        failure, is_available = self._declared.failure, self.store.is_available
        store = "failed" if failure else "available" if is_available else "starting"
        notes = (*((failure,) if failure else ()), *self._declared.notes, *self.undecided)
        return CloudSnapshot(self._endpoint.url, self.region, store, notes, self._ca_file)

    async def stop(self) -> None:
        """Stop with a signal, so that MiniStack saves its state."""
        await self._declared.stop()
        await self._client.close()
        await self._endpoint.stop()
        self._calls.flush()
        await self.store.stop()
        await self._notifying.stop()

    async def _speak_tls(self) -> None:
        directory = self.settings.directory / "tls"
        try:
            self._endpoint.speak_tls(await asyncio.to_thread(load_tls, directory))
        except OSError as error:
            self._report(f"the AWS endpoint has no TLS: {directory}: {error.strerror}")
        else:
            self._ca_file = str(ca_file(directory))

    def _deliverable(self, blueprint: Blueprint) -> Blueprint:
        """The blueprint without bucket notifications for receivers that do not admit S3."""
        found = [permitted(bucket, self.asks.service) for bucket in blueprint.buckets]
        self.undecided += tuple(note for _, notes in found for note in notes)
        return replace(blueprint, buckets=tuple(bucket for bucket, _ in found))

    def _policy_of(self, arn: str) -> str | None:
        """The policy that calls have given a resource. A service may know that of its own ones."""
        service = self._answered.get(Arn.of(arn).service)
        return service.policy_of(arn) if isinstance(service, Operations) else self._written.of(arn)

    def _secrets(self) -> Sequence[Secret]:
        blueprint = self._blueprint
        return *blueprint.secrets, *secrets_manager.master_secrets(blueprint.database_clusters)

    def _own(self, services: Mapping[str, AwsService], vault: Vault) -> Mapping[str, AwsService]:
        """The endpoint's own services, and the others as they are added."""
        here: dict[str, AwsService] = {
            "secretsmanager": secrets_manager.service(self._secrets, vault),
            "service-quotas": service_quotas.service(),
            "sts": sts.service(self._issuer, lambda arn: self._blueprint.role(arn) is not None),
        }
        return ChainMap(here, services)  # type: ignore[arg-type]
