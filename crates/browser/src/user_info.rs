//! Asking the issuer who the person is, beside the ID token (OIDC Core §5.3).

use evergrant_core::protocol::metadata::{MetadataError, ProviderMetadata, is_safe_to_use};
use evergrant_core::protocol::userinfo::{self, UserInfoError};
use evergrant_core::protocol::{AccessToken, UserInfo};
use evergrant_core::session::{Failure, FailureClass, Status};

use crate::{NoAccessToken, Runtime, http};

const ENDPOINT: &str = "the issuer's UserInfo endpoint";

impl Runtime {
    /// What the issuer's UserInfo endpoint says of the person who is signed in (OIDC Core §5.3): it is asked at each call, with
    /// an access token that is good when it goes, without cookies and past the browser's cache. A 401 is answered by one renewal
    /// and one more try.
    ///
    /// The token goes to the endpoint that the issuer's discovery names, whatever `allowed_api_origins` says: it is the
    /// issuer's own.
    ///
    /// # Errors
    /// [`NoUserInfo`]; the session goes on as it is, but for a renewal that a 401 has led to.
    pub async fn user_info(&self) -> Result<UserInfo, NoUserInfo> {
        if self.view().status == Status::SignedOut {
            return Err(NoAccessToken::SignedOut.into());
        }
        let metadata = self.provider().metadata().await?;
        let url = endpoint(&metadata)?;
        let mut token = self.access_token().await?;
        let mut is_first = true;
        loop {
            let answer = self.ask_endpoint(url, &token).await?;
            if answer.status == 401
                && std::mem::take(&mut is_first)
                && let Some(newer) = self.newer_access_token(&token).await
            {
                token = newer;
                continue;
            }
            return self.judge(&answer);
        }
    }

    fn ask_endpoint<'a>(&'a self, url: &'a str, token: &'a AccessToken) -> http::Answering<'a> {
        #[cfg(feature = "dpop")]
        if self.config().dpop {
            return self.provider().proof_key().get(self.config(), ENDPOINT, url, token);
        }
        http::get_with_token(ENDPOINT, url, token)
    }

    fn judge(&self, answer: &http::Answer) -> Result<UserInfo, NoUserInfo> {
        let [content_type, www_authenticate] = ["Content-Type", "WWW-Authenticate"].map(|name| answer.header(name));
        let answer = userinfo::Answer {
            status: answer.status,
            content_type: content_type.as_deref(),
            www_authenticate: www_authenticate.as_deref(),
            body: &answer.body,
        };
        // By whoever is signed in now: what is said of somebody who is no longer is of no use.
        let claims = self.view().claims.ok_or(NoAccessToken::SignedOut)?;
        Ok(userinfo::judge(&answer, &claims.sub)?)
    }
}

/// Where the issuer is asked.
fn endpoint(metadata: &ProviderMetadata) -> Result<&str, Failure> {
    match &metadata.userinfo_endpoint {
        Some(url) if is_safe_to_use(url) => Ok(url.as_str()),
        Some(url) => Err(MetadataError::NotHttps(url.clone()).into()),
        None => Err(Failure::NoEndpoint("UserInfo endpoint")),
    }
}

/// Why the issuer's UserInfo endpoint says nothing of the person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoUserInfo {
    /// There is no token to ask with.
    #[error(transparent)]
    NoAccessToken(#[from] NoAccessToken),
    /// It cannot be asked: the issuer offers none ([`Failure::NoEndpoint`]), or one that is neither https nor on this machine
    /// ([`Failure::Metadata`]); or it, or the issuer's metadata, gives no answer now ([`Failure::Unreachable`] within 15 s or by
    /// CORS, [`Failure::Busy`] at 429 or 500 and above).
    #[error(transparent)]
    Failure(#[from] Failure),
    /// It answered, and nothing of that may be used.
    #[error(transparent)]
    UserInfo(#[from] UserInfoError),
}

impl NoUserInfo {
    /// What follows from it.
    pub fn class(&self) -> FailureClass {
        match self {
            Self::NoAccessToken(NoAccessToken::SignedOut) => FailureClass::AskThePerson,
            Self::NoAccessToken(NoAccessToken::NotIssued) => FailureClass::Misconfigured,
            Self::NoAccessToken(NoAccessToken::RenewalFailed(failure)) | Self::Failure(failure) => failure.class(),
            Self::UserInfo(error) => error.class(),
        }
    }
}
