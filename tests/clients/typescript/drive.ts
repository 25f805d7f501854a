// Drives a running platform by the generated types and openapi-fetch alone: node drive.ts <base URL>.

import { deepStrictEqual as same } from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { argv } from "node:process";
import createClient, { type Client as Api } from "openapi-fetch";
import type { components, paths } from "./api.d.ts";

type Schemas = components["schemas"];
type Anyone = Api<paths>;
type Answer<T> = { data?: T; error?: Schemas["Error"] | Schemas["GatewayError"]; response: Response };

/** The decoded answer, of the expected status. */
function answer<T>({ data, error, response }: Answer<T>, status = 200): T {
  same(response.status, status, JSON.stringify(error));
  return data as T;
}

/** The content of an error. */
function refusal({ error, response }: Answer<unknown>, status: number, code: Schemas["ErrorCode"]): Schemas["ErrorContent"] {
  same(response.status, status, JSON.stringify(error));
  if (error === undefined || !("error" in error)) throw new Error(`${JSON.stringify(error)} is not an error of the API`);
  same(error.error.code, code);
  same(error.error.request_id, response.headers.get("x-request-id"));
  return error.error;
}

/** The names of the invalid fields of a request. */
function invalidFields({ details }: Schemas["ErrorContent"]): string[] {
  if (!("fields" in details)) throw new Error(`${JSON.stringify(details)} names no fields`);
  return details.fields.map((it) => it.field).sort();
}

function present<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error("a value is missing");
  return value;
}

async function drive(baseUrl: string): Promise<void> {
  const anyone = createClient<paths>({ baseUrl });
  same(answer(await anyone.GET("/health")).status, "ok");

  // Signing in.
  const username = "partner@example.com";
  const wrong = await anyone.POST("/auth/sign_in", { body: { username, password: "not the password" } });
  refusal(wrong, 401, "unauthorized");
  const right = await anyone.POST("/auth/sign_in", { body: { username, password: "demo partner password" } });
  const session = answer(right);
  same([session.role, session.organization.name], ["Partner", "TechPartner Inc."]);
  const api = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${session.token}` } });
  const me = answer(await api.GET("/v2/user/me", { params: { query: { details: true } } })).data.attributes;
  same([me.email, me.organization?.uuid], [username, session.organization.uuid]);

  await organizations(api);
  const found = await api.GET("/v2/organizations", { params: { query: { "q[name]": "acme*" } } });
  const acme = present(answer(found).data[0]).id;
  await users(api, acme);
  await collection(api, acme);
  await settings(api);
  await domains(api);
  await profile(api, session.organization);
  await preferences(api);

  same(answer(await api.DELETE("/auth/sign_out")), {});
  refusal(await api.GET("/v2/user/me"), 401, "unauthorized");
}

async function organizations(api: Anyone): Promise<void> {
  // A list page by page.
  const names: string[] = [];
  let cursor: string | null = null;
  let total: number | null = null;
  do {
    const query: { per_page: number; cursor?: string } = cursor === null ? { per_page: 1 } : { per_page: 1, cursor };
    const page: Schemas["OrganizationList"] = answer(await api.GET("/v2/organizations", { params: { query } }));
    same([page.data.length, page.meta.pagination.per_page], [1, 1]);
    names.push(...page.data.map((it) => it.attributes.name));
    total = page.meta.pagination.total_count;
    cursor = page.meta.pagination.next_cursor;
  } while (cursor !== null);
  same(names.length, total);
  same(["TechPartner Inc.", "Acme Corporation"].filter((it) => !names.includes(it)), []);

  // An update whose answer has no body.
  const found = await api.GET("/v2/organizations", { params: { query: { "q[name]": "acme*" } } });
  const acme = present(answer(found).data[0]);
  const params = { path: { id: acme.id } };
  const { name, company_name } = acme.attributes;
  const city = `City ${randomUUID()}`;
  const done = await api.PUT("/v2/organizations/{id}", { params, body: { organization: { name, company_name, city } } });
  same([done.response.status, done.error], [200, undefined]);
  same(answer(await api.GET("/v2/organizations/{id}", { params })).data.attributes.city, city);
}

async function users(api: Anyone, organization_id: string): Promise<void> {
  // Creating, and the same request again.
  const first_name = `Ada-${randomUUID()}`;
  const email = `a-${randomUUID()}@example.com`;
  const body = { user: { email, organization_id, first_name, last_name: "Yotta", timezone: "UTC" } };
  const header = { "idempotency-key": randomUUID() };
  const created = await api.POST("/v2/users", { params: { header }, body });
  const user = answer(created, 201).data;
  same(created.response.headers.get("location"), `/v2/users/${user.id}`);
  same([user.type, user.attributes.role, user.attributes.last_name], ["users", "User", "Yotta"]);
  same(answer(await api.POST("/v2/users", { params: { header }, body }), 201).data.id, user.id);
  refusal(await api.POST("/v2/users", { body }), 409, "conflict");
  const second = { ...body.user, email: `b-${randomUUID()}@example.com`, last_name: "Zetta" };
  const other = answer(await api.POST("/v2/users", { body: { user: second } }), 201).data;

  // A list with a filter, a date range, an order of two columns and a size. Each column alone orders otherwise.
  const listed = await api.GET("/v2/users", {
    params: {
      query: {
        "q[first_name]": `ada-*${first_name.slice(-12)}`,
        date_range_start: "2020-01-01",
        date_range_end: "2199-12-31 23:59:59",
        sort_by: ["last_name:asc", "email:desc"],
        per_page: 10,
      },
    },
  });
  const { data, meta } = answer(listed);
  same(data.map((it) => it.id), [user.id, other.id]);
  same([meta.pagination.total_count, meta.pagination.current_page], [2, 1]);
  const none = await api.GET("/v2/users", { params: { query: { "q[first_name]": first_name, date_range_end: "2020-01-01" } } });
  same(answer(none).data, []);

  // The audit log.
  const events = await api.GET("/v2/audit/events", {
    params: { query: { relative_date_range: "1h", "q[resource_id]": user.id } },
  });
  const event = present(answer(events).data[0]).attributes;
  same([event.action, event.resource_id, event.changes["first_name"]?.after], ["user.created", user.id, first_name]);

  // Showing and updating.
  const path = { id: user.id };
  const shown = await api.GET("/v2/users/{id}", { params: { path } });
  same(answer(shown).data.attributes, user.attributes);
  const version = present(shown.response.headers.get("etag"));
  const params = { path, header: { "if-match": version } };
  const update = { user: { title: "Engineer", last_name: null } };
  same(answer(await api.PUT("/v2/users/{id}", { params, body: update })), {});
  const changed = await api.GET("/v2/users/{id}", { params: { path } });
  const { attributes } = answer(changed).data;
  same([attributes.title, attributes.last_name, attributes.first_name], ["Engineer", null, first_name]);
  same(changed.response.headers.get("etag") === version, false);
  refusal(await api.PUT("/v2/users/{id}", { params, body: update }), 412, "precondition_failed");
  const wrong = { user: { email: "nowhere", locale: "?" } };
  const refused = await api.PUT("/v2/users/{id}", { params: { path }, body: wrong });
  same(invalidFields(refusal(refused, 422, "invalid_parameter")), ["user.email", "user.locale"]);

  // Deleting.
  for (const { id } of [user, other]) {
    same(answer(await api.DELETE("/v2/users/{id}", { params: { path: { id } } })), {});
    refusal(await api.GET("/v2/users/{id}", { params: { path: { id } } }), 404, "not_found");
  }
}

async function collection(api: Anyone, client_id: string): Promise<void> {
  const path = { client_id };
  const shown = await api.GET("/v2/clients/{client_id}", { params: { path } });
  const before = answer(shown).collection_mode;
  const mode: Schemas["CollectionMode"] = before === "disabled" ? "saas_usage" : "disabled";
  const params = { path, header: { "if-match": present(shown.response.headers.get("etag")) } };
  const body = { collection_mode: mode };
  same(answer(await api.PATCH("/v2/clients/{client_id}", { params, body })).collection_mode, mode);
  refusal(await api.PATCH("/v2/clients/{client_id}", { params, body }), 412, "precondition_failed");
  const log = await api.GET("/v2/clients/{client_id}/collection-control/audit-log", {
    params: { path, query: { page_size: 1 } },
  });
  const entry = present(answer(log).data[0]);
  same([entry.action, entry.entity_id], ["collection_mode_changed", client_id]);
  same([entry.previous_value.collection_mode, entry.new_value.collection_mode], [before, mode]);
}

async function settings(api: Anyone): Promise<void> {
  // The configuration of scans: a field that is absent stays as it is.
  answer(await api.PATCH("/client/scan-configuration", { body: { autonomous_scan: true, scheduled_scan: "weekly" } }));
  const configuration = answer(await api.PATCH("/client/scan-configuration", { body: { scheduled_scan: "monthly" } }));
  const { autonomous_scan, scheduled_scan } = configuration.data.attributes;
  same([autonomous_scan, scheduled_scan], [true, "monthly"]);

  // A plugin, a tool and two connectors.
  const github = await api.PUT("/client/plugin/{plugin}", {
    params: { path: { plugin: "github" } },
    body: { oauth_token: `token-${randomUUID()}`, installation_id: 12345678 },
  });
  same(answer(github).data.attributes.config, { oauth_token: "***", installation_id: 12345678 });
  const tool = { params: { path: { tool_name: "trivy" } } };
  const trivy = await api.PUT("/client/tool/{tool_name}", { ...tool, body: { severity: ["HIGH"], api_key: randomUUID() } });
  same(answer(trivy).data.attributes.config, { severity: ["HIGH"], api_key: "***" });
  same(answer(await api.DELETE("/client/tool/{tool_name}", tool)).data.attributes.config, {});
  const jira = await api.PUT("/client/connector/{connector_name}", {
    params: { path: { connector_name: "jira" } },
    body: { url: "https://jira.example.com", token: randomUUID() },
  });
  same(answer(jira).data.attributes.config, { url: "https://jira.example.com", token: "***" });
  const strix = { params: { path: { connector_name: "strix" } } };
  const url = "https://app.example.com/";
  const own = await api.PUT("/client/connector/{connector_name}", { ...strix, body: { url, custom_prompt: "Test the sign-in." } });
  same(answer(own).data.attributes.config["url"], url);
  const foreign = await api.PUT("/client/connector/{connector_name}", { ...strix, body: { url: "https://app.example.test" } });
  same(invalidFields(refusal(foreign, 422, "invalid_parameter")), ["url"]);

  // The included tools.
  const added = answer(await api.POST("/client/included-tools", { body: { tool_name: "gitleaks" } }));
  same(added.data.attributes.included_tools.includes("gitleaks"), true);
  const gitleaks = { params: { path: { tool_name: "gitleaks" } } };
  const removed = answer(await api.DELETE("/client/included-tools/{tool_name}", gitleaks));
  same(removed.data.attributes.included_tools.includes("gitleaks"), false);
}

async function domains(api: Anyone): Promise<void> {
  const verified = answer(await api.GET("/client/domains", { params: { query: { validated: true } } })).data;
  same(verified.find((it) => it.attributes.domain === "example.com")?.attributes.verified, true);
  const domain = `${randomUUID()}.example.org`;
  const claimed = answer(await api.POST("/client/domains", { body: { domain } }), 201).data.attributes;
  same([claimed.domain, claimed.verified, claimed.verified_at], [domain, false, null]);
  same([claimed.record.type, claimed.record.name], ["TXT", `_scanward-verify.${domain}`]);
}

async function profile(api: Anyone, organization: Schemas["OrganizationRef"]): Promise<void> {
  const signed = answer(await api.GET("/client"));
  // Only a request that accepts `application/jwt` is answered with text.
  if (typeof signed === "string") throw new Error("the profile is not JSON");
  const claims = JSON.parse(Buffer.from(present(signed.payload.split(".")[1]), "base64url").toString());
  same([claims.client_id, claims.scheduled_scan], [organization.uuid, "monthly"]);
}

async function preferences(api: Anyone): Promise<void> {
  const params = { path: { name: "scan_event" } } as const;
  const body: Schemas["UpdatePreference"] = {
    enabled: true,
    when_status: ["completed", "failed"],
    if_status: ["fail"],
    if_severity: [6, 7],
  };
  const updated = answer(await api.PUT("/v2/user/preferences/notifications/{name}", { params, body })).data.attributes;
  same([updated.name, updated.enabled], ["scan_event", true]);
  same(updated.params, { when_status: body.when_status, if_completed: body.if_status, if_severity: body.if_severity });
}

await drive(present(argv[2]));
console.log("The TypeScript client drove the platform.");
