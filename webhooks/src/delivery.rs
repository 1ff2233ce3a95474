//! Owns: the judgement of one webhook call as a whole. A [`Delivery`] exists only if its body was
//! signed with one of our secrets.
//! Leaves to the application: the size limit before it, storing and answering after it.

use bytes::Bytes;
use http::HeaderMap;

use crate::payload;
use crate::{DeliveryHeaders, HeaderError, PayloadError, Secrets, ShopDomain, Subject, headers};

/// One authentic webhook call: what its headers claim, and the raw bytes that were signed.
///
/// `Debug` leaves the body out, which may hold a customer's data.
#[derive(Clone)]
pub struct Delivery {
    headers: DeliveryHeaders,
    body: Bytes,
}

/// Why a call is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the body is empty")]
    EmptyBody,
    #[error("the signature header is missing")]
    Unsigned,
    #[error("the signature does not fit the body; is the client secret that of this app?")]
    Forged,
    #[error(transparent)]
    Headers(#[from] HeaderError),
}

/// Whether the signed body names the shop that the unsigned headers name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShopAgreement {
    /// The body names the same shop.
    Confirmed,
    /// The body names no shop that could be compared; only a reading from the shop can tell.
    Silent,
    /// The body names another shop: somebody sends it under foreign headers.
    Contradicted,
}

impl Delivery {
    /// Judges a call. Nothing else about it is looked at before the signature was right: what is refused
    /// as [`Refusal::EmptyBody`] or [`Refusal::Headers`] came from who knows a secret.
    pub fn receive(secrets: &Secrets, headers: &HeaderMap, body: impl Into<Bytes>) -> Result<Delivery, Refusal> {
        let body = body.into();
        let signature = headers::hmac(headers).ok_or(Refusal::Unsigned)?;
        if !secrets.verify_body(&body, signature) {
            return Err(Refusal::Forged);
        }
        if body.is_empty() {
            return Err(Refusal::EmptyBody);
        }
        let headers = headers::parse(headers)?;
        Ok(Delivery { headers, body })
    }

    pub fn headers(&self) -> &DeliveryHeaders {
        &self.headers
    }

    /// The bytes as they came: parse what is needed from them, store nothing else.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    pub fn into_parts(self) -> (DeliveryHeaders, Bytes) {
        (self.headers, self.body)
    }

    /// What the delivery is about, if its body can be read as its topic says.
    pub fn subject(&self) -> Result<Subject, PayloadError> {
        payload::subject(&self.headers.topic, &self.body)
    }

    /// See [`Subject::shop_agreement`].
    pub fn shop_agreement(&self, known_id: Option<u64>) -> Result<ShopAgreement, PayloadError> {
        Ok(self.subject()?.shop_agreement(&self.headers.shop, known_id))
    }
}

impl Subject {
    /// Compares the shop in the headers with the shop in the body.
    ///
    /// `known_id` is the numeric id that the application keeps for the claimed shop, if it knows
    /// one. The id decides where both sides have it, for a domain can change. Compliance topics must
    /// be [`ShopAgreement::Confirmed`] before anything is erased: the shop has uninstalled the app
    /// by then and cannot be asked.
    pub fn shop_agreement(&self, claimed: &ShopDomain, known_id: Option<u64>) -> ShopAgreement {
        let same = match (known_id, self.shop_id(), self.shop_domain()) {
            (Some(known), Some(id), _) => known == id,
            (_, _, Some(domain)) => domain == claimed,
            (_, _, None) => return ShopAgreement::Silent,
        };
        if same {
            ShopAgreement::Confirmed
        } else {
            ShopAgreement::Contradicted
        }
    }
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Delivery")
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}
