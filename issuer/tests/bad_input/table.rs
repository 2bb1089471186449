//! What each endpoint makes of each of its parameters.

use super::requests::Request;

/// An endpoint with one kind of request that it answers.
pub(super) struct Endpoint {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) request: Request,
    pub(super) parameters: &'static [Parameter],
}

impl Endpoint {
    /// What comes of a request that cannot even be read.
    pub(super) fn refusal(&self) -> &'static str {
        let is_for_programs = self.path.starts_with("/oauth/") || self.path == "/userinfo";
        if is_for_programs { "invalid_request" } else { "page" }
    }
}

/// What comes of a request in which this parameter is wrong.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) missing: &'static str,
    pub(super) wrong: &'static str,
    pub(super) long: &'static str,
    pub(super) doubled: &'static str,
}

impl Parameter {
    const fn long(self, long: &'static str) -> Self {
        Self { long, ..self }
    }

    const fn doubled(self, doubled: &'static str) -> Self {
        Self { doubled, ..self }
    }
}

/// At an endpoint for programs: `missing`, or with a value it cannot use (`wrong`).
const fn field(name: &'static str, missing: &'static str, wrong: &'static str) -> Parameter {
    Parameter { name, missing, wrong, long: wrong, doubled: "invalid_request" }
}

/// The same on a page.
const fn on_page(name: &'static str, missing: &'static str, wrong: &'static str) -> Parameter {
    field(name, missing, wrong).doubled("page")
}

const CLIENT_ID: Parameter = field("client_id", "invalid_client", "invalid_client");
const CLIENT_SECRET: Parameter = field("client_secret", "invalid_client", "invalid_client");
const GRANT_TYPE: Parameter = field("grant_type", "invalid_request", "unsupported_grant_type");
const AUDIENCE: Parameter = field("audience", "fine", "invalid_target");
const SCOPE: Parameter = field("scope", "fine", "invalid_scope");
const ANYTHING: &str = "fine";

pub(super) const TABLE: [Endpoint; 24] = [
    Endpoint { method: "GET", path: "/authorize", request: Request::Authorize, parameters: &AUTHORIZE },
    Endpoint { method: "POST", path: "/authorize", request: Request::Authorize, parameters: &AUTHORIZE },
    Endpoint {
        method: "POST",
        path: "/oauth/token",
        request: Request::Code,
        parameters: &[
            GRANT_TYPE,
            CLIENT_ID,
            field("code", "invalid_request", "invalid_grant"),
            field("code_verifier", "invalid_grant", "invalid_grant"),
            field("redirect_uri", "invalid_request", "invalid_grant"),
            AUDIENCE,
        ],
    },
    Endpoint {
        method: "POST",
        path: "/oauth/token",
        request: Request::Refresh,
        parameters: &[
            GRANT_TYPE,
            CLIENT_ID,
            field("refresh_token", "invalid_request", "invalid_grant"),
            SCOPE,
            AUDIENCE,
        ],
    },
    Endpoint {
        method: "POST",
        path: "/oauth/token",
        request: Request::Password,
        parameters: &[
            GRANT_TYPE,
            CLIENT_ID,
            CLIENT_SECRET,
            field("username", "invalid_request", "invalid_grant"),
            field("password", "invalid_request", "invalid_grant"),
            SCOPE,
            AUDIENCE,
        ],
    },
    Endpoint {
        method: "POST",
        path: "/oauth/token",
        request: Request::ClientCredentials,
        // Without an API there is nothing to have the scope at.
        parameters: &[
            GRANT_TYPE,
            CLIENT_ID,
            CLIENT_SECRET,
            SCOPE,
            field("resource", "invalid_scope", "invalid_target").doubled("invalid_target"),
        ],
    },
    Endpoint {
        method: "POST",
        path: "/oauth/device_authorization",
        request: Request::DeviceAuthorization,
        // Without a scope there is nothing to grant.
        parameters: &[CLIENT_ID, field("scope", "invalid_scope", "invalid_scope"), AUDIENCE],
    },
    Endpoint {
        method: "POST",
        path: "/oauth/token",
        request: Request::DeviceCode,
        parameters: &[GRANT_TYPE, CLIENT_ID, field("device_code", "invalid_request", "invalid_grant"), AUDIENCE],
    },
    Endpoint {
        method: "POST",
        path: "/oauth/revoke",
        request: Request::Revoke,
        // RFC 7009 §2.2: an unknown token is revoked already; §2.1: a wrong hint harms nothing.
        parameters: &[CLIENT_ID, field("token", "invalid_request", "fine"), field("token_type_hint", "fine", "fine")],
    },
    Endpoint {
        method: "POST",
        path: "/oauth/introspect",
        request: Request::Introspect,
        parameters: &[
            CLIENT_ID,
            CLIENT_SECRET,
            field("token", "invalid_request", "fine"),
            field("token_type_hint", "fine", "fine"),
        ],
    },
    Endpoint {
        method: "POST",
        path: "/userinfo",
        request: Request::Userinfo,
        parameters: &[field("access_token", "no token", "invalid_token")],
    },
    Endpoint {
        method: "POST",
        path: "/sign-in",
        request: Request::SignIn,
        parameters: &[
            on_page("interaction", "page", "page"),
            on_page("username", "page", "page"),
            on_page("password", "page", "page"),
        ],
    },
    Endpoint {
        method: "POST",
        path: "/consent",
        request: Request::Consent,
        // Without a decision the page is shown again.
        parameters: &[on_page("interaction", "page", "page"), on_page("decision", "fine", "fine")],
    },
    Endpoint {
        method: "GET",
        path: "/device",
        request: Request::DeviceLink,
        // What is no code is not filled in.
        parameters: &[on_page("user_code", "fine", "fine")],
    },
    Endpoint {
        method: "POST",
        path: "/device",
        request: Request::Device,
        parameters: &[on_page("form_token", "page", "page"), on_page("user_code", "page", "page")],
    },
    Endpoint {
        method: "POST",
        path: "/device/confirm",
        request: Request::DeviceConfirm,
        // Without a decision, or for somebody else, the page is shown again.
        parameters: &[
            on_page("interaction", "page", "page"),
            on_page("form_token", "fine", "fine"),
            on_page("decision", "fine", "fine"),
        ],
    },
    Endpoint { method: "GET", path: "/oidc/logout", request: Request::Logout, parameters: &LOGOUT },
    Endpoint { method: "POST", path: "/oidc/logout", request: Request::Logout, parameters: &LOGOUT },
    Endpoint {
        method: "GET",
        path: "/v2/logout",
        request: Request::LogoutV2,
        // Without it the address has to be one that is registered for some application, as here.
        parameters: &[on_page("client_id", "fine", "page"), on_page("returnTo", "fine", "page")],
    },
    Endpoint {
        method: "POST",
        path: "/sign-out",
        request: Request::SignOut,
        parameters: &[
            on_page("form_token", "page", "page"),
            on_page("client_id", "fine", "page"),
            on_page("post_logout_redirect_uri", "fine", "page"),
            on_page("state", "fine", ANYTHING),
        ],
    },
    Endpoint {
        method: "POST",
        path: "/account/sign-out",
        request: Request::AccountSignOut,
        parameters: &[on_page("form_token", "page", "page"), on_page("application", "page", "fine")],
    },
    Endpoint {
        method: "POST",
        path: "/account/withdraw",
        request: Request::AccountWithdraw,
        parameters: &[on_page("form_token", "page", "page"), on_page("client_id", "page", "fine")],
    },
    Endpoint {
        method: "POST",
        path: "/dev/clock",
        request: Request::DevClock,
        parameters: &[on_page("advance", "page", "page")],
    },
    Endpoint {
        method: "POST",
        path: "/dev/failure",
        request: Request::DevFailure,
        parameters: &[
            on_page("endpoint", "page", "page"),
            on_page("status", "fine", "page"),
            on_page("error", "fine", ANYTHING),
            on_page("delay", "fine", "page"),
        ],
    },
];

const AUTHORIZE: [Parameter; 16] = [
    // Until these two are known there is nobody to answer (RFC 6749 §4.1.2.1).
    on_page("client_id", "page", "page"),
    on_page("redirect_uri", "page", "page"),
    field("response_type", "invalid_request", "unsupported_response_type"),
    field("response_mode", "fine", "invalid_request"),
    field("scope", "invalid_scope", "invalid_scope"),
    field("state", "fine", ANYTHING).long("invalid_request"),
    field("nonce", "fine", ANYTHING),
    field("code_challenge", "invalid_request", "invalid_request"),
    field("code_challenge_method", "invalid_request", "invalid_request"),
    field("dpop_jkt", "fine", "invalid_request"),
    field("prompt", "fine", "invalid_request"),
    field("max_age", "fine", "invalid_request"),
    field("login_hint", "fine", ANYTHING),
    field("id_token_hint", "fine", "invalid_request"),
    field("audience", "fine", "invalid_target"),
    field("resource", "fine", "invalid_target").doubled("invalid_target"),
];

const LOGOUT: [Parameter; 4] = [
    // A hint that says nothing is none: the person is asked.
    on_page("id_token_hint", "fine", "fine"),
    on_page("client_id", "fine", "page"),
    on_page("post_logout_redirect_uri", "fine", "page"),
    on_page("state", "fine", ANYTHING),
];
