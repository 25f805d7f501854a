"""Drives a running platform by the generated client alone: python drive.py <base URL>."""

import base64
import json
import sys
from http import HTTPStatus
from uuid import uuid4

from scanward_api_client import AuthenticatedClient, Client, models
from scanward_api_client.api.audit import list_audit_events
from scanward_api_client.api.authentication import sign_in, sign_out
from scanward_api_client.api.clients import list_collection_control_entries, show_client, update_client
from scanward_api_client.api.docs import health
from scanward_api_client.api.organizations import list_organizations, show_organization, update_organization
from scanward_api_client.api.settings import (
    add_included_tool,
    claim_domain,
    delete_tool,
    list_domains,
    remove_included_tool,
    save_connector,
    save_plugin,
    save_tool,
    show_client_profile,
    update_scan_configuration,
)
from scanward_api_client.api.user import show_current_user, update_notification_preference
from scanward_api_client.api.users import create_user, delete_user, list_users, show_user, update_user
from scanward_api_client.types import Response

PASSWORD = "demo partner password"


def same(actual, expected):
    """Fails unless both are equal."""
    if actual != expected:
        raise AssertionError(f"{actual!r} is not {expected!r}")


def answer(response: Response, kind, status=HTTPStatus.OK):
    """The decoded answer, of the expected status and type."""
    if response.status_code != status or not isinstance(response.parsed, kind):
        raise AssertionError(f"{response.status_code} {response.content!r} is not {status} with {kind.__name__}")
    return response.parsed


def refusal(response: Response, status, code):
    """The content of an error."""
    content = answer(response, models.Error, status).error
    same(content.code, code)
    same(content.request_id, response.headers["x-request-id"])
    return content


def drive(base_url):
    anyone = Client(base_url, raise_on_unexpected_status=True)
    same(answer(health.sync_detailed(client=anyone), models.Health).status, "ok")

    # Signing in.
    wrong = models.SignIn(username="partner@example.com", password="not the password")
    refusal(sign_in.sync_detailed(client=anyone, body=wrong), HTTPStatus.UNAUTHORIZED, models.ErrorCode.UNAUTHORIZED)
    right = models.SignIn(username="partner@example.com", password=PASSWORD)
    session = answer(sign_in.sync_detailed(client=anyone, body=right), models.SignedIn)
    same((session.role, session.organization.name), (models.Role.PARTNER, "TechPartner Inc."))
    client = AuthenticatedClient(base_url, session.token, raise_on_unexpected_status=True)
    me = answer(show_current_user.sync_detailed(client=client, details=True), models.UserResponse)
    same((me.data.attributes.email, me.data.attributes.organization.uuid), (right.username, session.organization.uuid))

    organizations(client)
    acme = answer(list_organizations.sync_detailed(client=client, qname="acme*"), models.OrganizationList).data[0]
    users(client, acme.id)
    collection(client, acme.id)
    settings(client)
    domains(client)
    profile(client, session.organization)
    preferences(client)

    answer(sign_out.sync_detailed(client=client), models.Done)
    after = show_current_user.sync_detailed(client=client)
    refusal(after, HTTPStatus.UNAUTHORIZED, models.ErrorCode.UNAUTHORIZED)


def organizations(client):
    # A list page by page.
    names, cursor = [], None
    while True:
        more = {} if cursor is None else {"cursor": cursor}
        page = answer(list_organizations.sync_detailed(client=client, per_page=1, **more), models.OrganizationList)
        same((len(page.data), page.meta.pagination.per_page), (1, 1))
        names.append(page.data[0].attributes.name)
        cursor = page.meta.pagination.next_cursor
        if cursor is None:
            break
    same(len(names), page.meta.pagination.total_count)
    same({"TechPartner Inc.", "Acme Corporation"} - set(names), set())

    # An update whose answer has no body.
    acme = answer(list_organizations.sync_detailed(client=client, qname="acme*"), models.OrganizationList).data[0]
    city = f"City {uuid4()}"
    update = models.OrganizationUpdate(name=acme.attributes.name, company_name=acme.attributes.company_name, city=city)
    done = update_organization.sync_detailed(
        acme.id, client=client, body=models.UpdateOrganization(organization=update)
    )
    same((done.status_code, done.content), (HTTPStatus.OK, b""))
    shown = answer(show_organization.sync_detailed(acme.id, client=client), models.OrganizationResponse)
    same(shown.data.attributes.city, city)


def users(client, organization):
    # Creating, and the same request again.
    first_name = f"Ada-{uuid4()}"
    new = models.NewUser(
        email=f"a-{uuid4()}@example.com",
        organization_id=organization,
        first_name=first_name,
        last_name="Yotta",
        timezone="UTC",
    )
    body, key = models.CreateUser(user=new), str(uuid4())
    created = create_user.sync_detailed(client=client, body=body, idempotency_key=key)
    user = answer(created, models.UserResponse, HTTPStatus.CREATED).data
    same(created.headers["location"], f"/v2/users/{user.id}")
    same((user.type_, user.attributes.role, user.attributes.last_name), ("users", models.Role.USER, "Yotta"))
    again = create_user.sync_detailed(client=client, body=body, idempotency_key=key)
    same(answer(again, models.UserResponse, HTTPStatus.CREATED).data.id, user.id)
    taken = create_user.sync_detailed(client=client, body=body)
    refusal(taken, HTTPStatus.CONFLICT, models.ErrorCode.CONFLICT)
    new.email, new.last_name = f"b-{uuid4()}@example.com", "Zetta"
    other = answer(create_user.sync_detailed(client=client, body=body), models.UserResponse, HTTPStatus.CREATED).data

    # A list with a filter, a date range, an order of two columns and a size. Each column alone orders otherwise.
    listed = list_users.sync_detailed(
        client=client,
        qfirst_name="ada-*" + first_name[-12:],
        date_range_start="2020-01-01",
        date_range_end="2199-12-31 23:59:59",
        sort_by=[models.ListUsersSortByItem.LAST_NAMEASC, models.ListUsersSortByItem.EMAILDESC],
        per_page=10,
    )
    listed = answer(listed, models.UserList)
    same([it.id for it in listed.data], [user.id, other.id])
    same((listed.meta.pagination.total_count, listed.meta.pagination.current_page), (2, 1))
    none = list_users.sync_detailed(client=client, qfirst_name=first_name, date_range_end="2020-01-01")
    same(answer(none, models.UserList).data, [])

    # The audit log.
    events = list_audit_events.sync_detailed(client=client, relative_date_range="1h", qresource_id=str(user.id))
    event = answer(events, models.AuditEventList).data[0].attributes
    same((event.action, event.resource_id, event.changes["first_name"].after), ("user.created", user.id, first_name))

    # Showing and updating.
    shown = show_user.sync_detailed(user.id, client=client)
    same(answer(shown, models.UserResponse).data.attributes, user.attributes)
    version = shown.headers["etag"]
    update = models.UpdateUser(user=models.UserUpdate(title="Engineer", last_name=None))
    answer(update_user.sync_detailed(user.id, client=client, body=update, if_match=version), models.Done)
    changed = show_user.sync_detailed(user.id, client=client)
    attributes = answer(changed, models.UserResponse).data.attributes
    same((attributes.title, attributes.last_name, attributes.first_name), ("Engineer", None, first_name))
    same(changed.headers["etag"] == version, False)
    stale = update_user.sync_detailed(user.id, client=client, body=update, if_match=version)
    refusal(stale, HTTPStatus.PRECONDITION_FAILED, models.ErrorCode.PRECONDITION_FAILED)
    wrong = models.UpdateUser(user=models.UserUpdate(email="nowhere", locale="?"))
    content = refusal(
        update_user.sync_detailed(user.id, client=client, body=wrong),
        HTTPStatus.UNPROCESSABLE_ENTITY,
        models.ErrorCode.INVALID_PARAMETER,
    )
    same(isinstance(content.details, models.InvalidFields), True)
    same({it.field for it in content.details.fields}, {"user.email", "user.locale"})

    # Deleting.
    for it in user, other:
        answer(delete_user.sync_detailed(it.id, client=client), models.Done)
        gone = show_user.sync_detailed(it.id, client=client)
        refusal(gone, HTTPStatus.NOT_FOUND, models.ErrorCode.NOT_FOUND)


def collection(client, organization):
    shown = show_client.sync_detailed(organization, client=client)
    before = answer(shown, models.Client)
    mode = (
        models.CollectionMode.SAAS_USAGE
        if before.collection_mode == models.CollectionMode.DISABLED
        else models.CollectionMode.DISABLED
    )
    update = models.UpdateClient(collection_mode=mode)
    version = shown.headers["etag"]
    updated = update_client.sync_detailed(organization, client=client, body=update, if_match=version)
    same(answer(updated, models.Client).collection_mode, mode)
    stale = update_client.sync_detailed(organization, client=client, body=update, if_match=version)
    refusal(stale, HTTPStatus.PRECONDITION_FAILED, models.ErrorCode.PRECONDITION_FAILED)
    log = list_collection_control_entries.sync_detailed(organization, client=client, page_size=1)
    entry = answer(log, models.ControlLog).data[0]
    same((entry.action, entry.entity_id), (models.ControlAction.COLLECTION_MODE_CHANGED, organization))
    same((entry.previous_value.collection_mode, entry.new_value.collection_mode), (before.collection_mode, mode))


def settings(client):
    # The configuration of scans: a field that is absent stays as it is.
    update = models.UpdateScanConfiguration(autonomous_scan=True, scheduled_scan=models.ScheduledScan.WEEKLY)
    answer(update_scan_configuration.sync_detailed(client=client, body=update), models.ScanConfigurationResponse)
    update = models.UpdateScanConfiguration(scheduled_scan=models.ScheduledScan.MONTHLY)
    configuration = update_scan_configuration.sync_detailed(client=client, body=update)
    attributes = answer(configuration, models.ScanConfigurationResponse).data.attributes
    same((attributes.autonomous_scan, attributes.scheduled_scan), (True, models.ScheduledScan.MONTHLY))

    # A plugin, a tool and two connectors.
    github = models.GithubPlugin(oauth_token=f"token-{uuid4()}", installation_id=12345678)
    saved = answer(
        save_plugin.sync_detailed(models.PluginName.GITHUB, client=client, body=github),
        models.PluginConfigurationResponse,
    )
    same(saved.data.attributes.config.to_dict(), {"oauth_token": "***", "installation_id": 12345678})
    trivy = models.FreeForm.from_dict({"severity": ["HIGH"], "api_key": str(uuid4())})
    saved = answer(save_tool.sync_detailed("trivy", client=client, body=trivy), models.ToolConfigurationResponse)
    same(saved.data.attributes.config.to_dict(), {"severity": ["HIGH"], "api_key": "***"})
    reset = answer(delete_tool.sync_detailed("trivy", client=client), models.ToolConfigurationResponse)
    same(reset.data.attributes.config.to_dict(), {})
    jira = models.FreeForm.from_dict({"url": "https://jira.example.com", "token": str(uuid4())})
    saved = answer(
        save_connector.sync_detailed("jira", client=client, body=jira), models.ConnectorConfigurationResponse
    )
    same(saved.data.attributes.config.to_dict(), {"url": "https://jira.example.com", "token": "***"})
    strix = models.StrixConnector(url="https://app.example.com/", custom_prompt="Test the sign-in.")
    saved = answer(
        save_connector.sync_detailed("strix", client=client, body=strix), models.ConnectorConfigurationResponse
    )
    same(saved.data.attributes.config["url"], strix.url)
    foreign = models.StrixConnector(url="https://app.example.test")
    content = refusal(
        save_connector.sync_detailed("strix", client=client, body=foreign),
        HTTPStatus.UNPROCESSABLE_ENTITY,
        models.ErrorCode.INVALID_PARAMETER,
    )
    same([it.field for it in content.details.fields], ["url"])

    # The included tools.
    added = add_included_tool.sync_detailed(client=client, body=models.AddIncludedTool(tool_name="gitleaks"))
    same("gitleaks" in answer(added, models.IncludedToolsResponse).data.attributes.included_tools, True)
    removed = remove_included_tool.sync_detailed("gitleaks", client=client)
    same("gitleaks" in answer(removed, models.IncludedToolsResponse).data.attributes.included_tools, False)


def domains(client):
    verified = answer(list_domains.sync_detailed(client=client, validated=True), models.DomainList)
    same([it.attributes.verified for it in verified.data if it.attributes.domain == "example.com"], [True])
    domain = f"{uuid4()}.example.org"
    claimed = claim_domain.sync_detailed(client=client, body=models.ClaimDomain(domain=domain))
    attributes = answer(claimed, models.DomainResponse, HTTPStatus.CREATED).data.attributes
    same((attributes.domain, attributes.verified, attributes.verified_at), (domain, False, None))
    same((attributes.record.type_, attributes.record.name), ("TXT", f"_scanward-verify.{domain}"))


def profile(client, organization):
    payload = answer(show_client_profile.sync_detailed(client=client), models.SignedProfile).payload
    _, claims, _ = payload.split(".")
    claims = json.loads(base64.urlsafe_b64decode(claims + "=="))
    same((claims["client_id"], claims["scheduled_scan"]), (str(organization.uuid), "monthly"))


def preferences(client):
    update = models.UpdatePreference(
        enabled=True,
        when_status=[models.WhenStatus.COMPLETED, models.WhenStatus.FAILED],
        if_status=[models.Outcome.FAIL],
        if_severity=[6, 7],
    )
    name = models.PreferenceName.SCAN_EVENT
    updated = update_notification_preference.sync_detailed(name, client=client, body=update)
    attributes = answer(updated, models.NotificationPreferenceResponse).data.attributes
    same((attributes.name, attributes.enabled), (name, True))
    same(attributes.params.when_status, update.when_status)
    same((attributes.params.if_completed, attributes.params.if_severity), ([models.Outcome.FAIL], [6, 7]))


if __name__ == "__main__":
    drive(sys.argv[1])
    print("The Python client drove the platform.")
