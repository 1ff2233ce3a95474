//! Locations, and the fulfillment services that own some of them.

use url::Url;

use crate::ids::Kind;

use super::{
    Outgoing, Refused, ShopState, Status,
    error::{UserError, refuse},
    subscriptions::is_local,
};

/// A place that stock is at and orders are shipped from.
#[derive(Debug, Clone)]
pub(crate) struct Location {
    pub id: i64,
    pub name: String,
    pub service_id: Option<i64>,
    pub active: bool,
}

/// A party that fulfills on request, with a location of its own.
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are Shopify's fields, independent of each other"
)]
#[derive(Debug, Clone)]
pub(crate) struct Service {
    pub id: i64,
    pub name: String,
    pub handle: String,
    pub callback_url: Option<String>,
    pub location_id: i64,
    pub inventory_management: bool,
    pub tracking_support: bool,
    pub requires_shipping_method: bool,
    /// Made by the app; others belong to apps that the sandbox does not play.
    pub own: bool,
}

impl ShopState {
    pub fn add_location(&mut self, name: String, service_id: Option<i64>) -> i64 {
        let id = self.next_id(Kind::Location);
        self.locations.insert(
            id,
            Location {
                id,
                name,
                service_id,
                active: true,
            },
        );
        id
    }

    pub fn default_location(&self) -> Option<i64> {
        self.locations
            .values()
            .find(|l| l.active && l.service_id.is_none())
            .map(|l| l.id)
    }

    /// The service whose location this is.
    pub fn service_at(&self, location_id: i64) -> Option<&Service> {
        self.services.get(&self.locations.get(&location_id)?.service_id?)
    }

    pub fn create_service(&mut self, mut service: Service) -> Result<i64, Refused> {
        if service.name.trim().is_empty() {
            return refuse(&["name"], "Name can't be blank");
        }
        let callback = service.callback_url.as_deref().map(Url::parse);
        let usable = callback.is_none_or(|url| url.is_ok_and(|url| url.scheme() == "https" || is_local(&url)));
        if !usable {
            return refuse(&["callbackUrl"], "Callback url is not allowed");
        }
        let handle = handle_of(&service.name);
        let taken = self.services.values().any(|s| s.handle == handle)
            || self.locations.values().any(|l| l.name == service.name);
        if taken {
            return refuse(&["name"], "Name has already been taken");
        }
        let id = self.next_id(Kind::Service);
        service.id = id;
        service.handle = handle;
        service.location_id = self.add_location(service.name.clone(), Some(id));
        self.services.insert(id, service);
        Ok(id)
    }

    pub fn delete_service(&mut self, id: i64) -> Result<(), Refused> {
        let Some(service) = self.services.get(&id) else {
            return refuse(&["id"], "Fulfillment service could not be found.");
        };
        let location = service.location_id;
        let busy = self
            .fulfillment_orders
            .values()
            .any(|fo| fo.location_id == location && fo.is_live() && fo.status != Status::Incomplete);
        if busy {
            return refuse(&["id"], "Fulfillment service has open fulfillment orders.");
        }
        self.services.remove(&id);
        if let Some(location) = self.locations.get_mut(&location) {
            location.active = false;
        }
        Ok(())
    }

    /// Tells the service at this location that something waits for it.
    pub(super) fn notify_service(&mut self, location_id: i64, kind: &'static str) {
        if let Some(url) = self.service_at(location_id).and_then(|s| s.callback_url.clone()) {
            self.outbox.push(Outgoing::Callback { url, kind });
        }
    }

    pub(super) fn active_location(&self, id: i64, field: &[&str]) -> Result<&Location, Refused> {
        self.locations
            .get(&id)
            .filter(|location| location.active)
            .ok_or_else(|| UserError::new(field, "Location does not exist or is not active.").into())
    }
}

fn handle_of(name: &str) -> String {
    let mut handle = String::new();
    for c in name.to_lowercase().chars() {
        if c.is_alphanumeric() {
            handle.push(c);
        } else if !handle.ends_with('-') {
            handle.push('-');
        }
    }
    handle.trim_matches('-').to_owned()
}
