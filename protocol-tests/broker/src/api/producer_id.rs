//! InitProducerId (22): ids for idempotent producers.

use crate::state::Shared;
use kafka_protocol::messages::{InitProducerIdRequest, InitProducerIdResponse, ProducerId};

/// A producer that names its id gets it back with the next epoch, any other a new id.
pub(super) fn handle(shared: &Shared, request: &InitProducerIdRequest) -> InitProducerIdResponse {
    let known = request.producer_id.0 >= 0 && request.producer_epoch >= 0 && request.producer_epoch < i16::MAX;
    let (id, epoch) =
        if known { (request.producer_id.0, request.producer_epoch + 1) } else { (shared.state().new_producer_id(), 0) };
    InitProducerIdResponse::default().with_producer_id(ProducerId(id)).with_producer_epoch(epoch)
}
