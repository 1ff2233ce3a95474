//! The portal: the supplier works in the browser, so placing is a local row.
//!
//! Nothing leaves the machine; the committed purchase order is what the
//! supplier sees. Acknowledgements and parcels come through the portal's own
//! mutations.

use async_trait::async_trait;

use super::{
    CallKey, CancelAnswer, Capabilities, ConnectorError, OrderReader, OutgoingCancellation, OutgoingPurchaseOrder,
    PlaceAnswer, ReadBack, SupplierConnector, Target,
};
use crate::domain::supplier::ConnectorKind;

/// Always succeeds, and always waits for a person.
#[derive(Clone, Copy, Debug)]
pub struct PortalConnector;

#[async_trait]
impl SupplierConnector for PortalConnector {
    fn kind(&self) -> ConnectorKind {
        ConnectorKind::Portal
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            calls_out: false,
            can_update: true,
            can_cancel: true,
            settles_unknown: ReadBack::NotNeeded,
        }
    }

    /// What the supplier knows stands in our own books.
    fn reader(&self) -> Option<&dyn OrderReader> {
        None
    }

    fn check(&self, _target: &Target) -> Result<(), ConnectorError> {
        Ok(())
    }

    async fn place(
        &self,
        _target: &Target,
        _order: &OutgoingPurchaseOrder,
        _key: &CallKey,
    ) -> Result<PlaceAnswer, ConnectorError> {
        Ok(PlaceAnswer::Received { remark: None })
    }

    async fn update(
        &self,
        _target: &Target,
        _order: &OutgoingPurchaseOrder,
        _key: &CallKey,
    ) -> Result<PlaceAnswer, ConnectorError> {
        Ok(PlaceAnswer::Received { remark: None })
    }

    async fn request_cancel(
        &self,
        _target: &Target,
        _cancellation: &OutgoingCancellation,
        _key: &CallKey,
    ) -> Result<CancelAnswer, ConnectorError> {
        Ok(CancelAnswer::Received { remark: None })
    }
}
