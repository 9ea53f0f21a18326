//! What an answer means: for the broker, for its session, and for each partition.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_protocol::messages::FetchResponse;
use kafka_protocol::messages::fetch_response::{FetchableTopicResponse, NodeEndpoint, PartitionData};

use super::core::FetchCore;
use super::planted::Defect;
use super::refusal::{Refusal, text};
use super::request::{RACKS, SHORT_WAIT, TOPIC_IDS, VALIDATES};
use super::session::is_session_error;
use super::ticket::{Action, Asked, FetchTicket, Watermarks};
use crate::cluster::BrokerAddress;
use crate::error::Error;
use crate::position::Partition;
use crate::wire::{LONGEST_THROTTLE, error_name};

/// Answers in a row that come early and empty before the broker is left alone for a while.
const EMPTY_ANSWERS: u32 = 100;

/// Failures in a row that are a matter of course while leaders move.
const USUAL_FAILURES: u32 = 2;

impl FetchCore {
    /// Takes an answer in: positions move, and what is to be done about it is returned, in the order of the answer.
    pub(crate) fn on_response(&mut self, ticket: FetchTicket, response: FetchResponse, now: Instant) -> Vec<Action> {
        let is_current = self.release(&ticket);
        let throttle = Duration::from_millis(u64::try_from(response.throttle_time_ms).unwrap_or(0)).min(LONGEST_THROTTLE);
        let error_code = response.error_code;
        let mut pause = throttle.is_zero();
        if let Some(broker) = self.brokers.get_mut(&ticket.broker).filter(|_| is_current) {
            if !throttle.is_zero() {
                broker.throttled_until = Some(now + throttle);
            }
            broker.session.answered(ticket.session_epoch, error_code, response.session_id, self.planted);
            if is_session_error(error_code) {
                // The next request, which names everything, is due at once: unless that is no help either.
                pause &= broker.session_errors > 0;
                broker.session_errors = broker.session_errors.saturating_add(1);
            } else {
                broker.session_errors = 0;
            }
        }
        let mut actions = Vec::new();
        for address in response.node_endpoints.iter().filter_map(address) {
            self.known.insert(address.node);
            actions.push(Action::Endpoint(address));
        }
        let mut open: BTreeMap<Partition, Asked> = ticket.asked.iter().map(|asked| (asked.partition, *asked)).collect();
        let mut bytes = 0;
        if error_code == 0 {
            let topic = Arc::clone(&self.topic);
            let id = self.identity.id();
            let is_ours = |answer: &FetchableTopicResponse| {
                if ticket.version >= TOPIC_IDS { answer.topic_id == id } else { answer.topic.as_str() == &*topic }
            };
            for data in response.responses.into_iter().filter(is_ours).flat_map(|answer| answer.partitions) {
                // What was not asked for, or is there a second time, is not read.
                let again = self.planted.has(Defect::SecondCopyTaken).then(|| open.get(&data.partition_index).copied()).flatten();
                let Some(asked) = again.or_else(|| open.remove(&data.partition_index)) else { continue };
                bytes += data.records.as_ref().map_or(0, Bytes::len);
                self.on_partition(&ticket, &asked, data, now, &mut actions);
            }
        }
        let is_silence = error_code == 0 && ticket.is_incremental;
        for asked in open.into_values() {
            let overlooked = error_code == 0 && self.planted.has(Defect::MissingTakenAsAnswered);
            let Some(state) = self.current(&asked) else { continue };
            state.in_flight = None;
            // In a session, silence is no news. A throttled broker leaves out everything, and says how long to wait.
            if !is_silence && pause && !overlooked {
                self.on_missing(ticket.broker, asked.partition, error_code, now, &mut actions);
            }
        }
        if bytes == 0 {
            for asked in &ticket.asked {
                if let Some(state) = self.current(asked) {
                    state.has_more = false;
                }
            }
        }
        if is_current {
            self.count_empty(&ticket, bytes, now);
        }
        actions
    }

    /// The broker says nothing of a partition, or refuses the whole request.
    fn on_missing(&mut self, broker: i32, partition: Partition, code: i16, now: Instant, actions: &mut Vec<Action>) {
        self.pause(partition, now);
        if code != 0 {
            actions.push(Action::RefreshMetadata { partition, reason: text(code) });
            self.tell(broker, partition, code, "asking again after a pause", actions);
        }
    }

    fn on_partition(
        &mut self,
        ticket: &FetchTicket,
        asked: &Asked,
        data: PartitionData,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let (broker, partition) = (ticket.broker, asked.partition);
        let planted = self.planted;
        let Some(state) = self.current(asked) else { return };
        state.in_flight = None;
        let diverging = &data.diverging_epoch;
        match data.error_code {
            0 if ticket.version >= VALIDATES
                && asked.last_epoch >= 0
                && (diverging.epoch >= 0 || diverging.end_offset >= 0)
                && !planted.has(Defect::DivergenceOverlooked) =>
            {
                state.answer_awaited = true;
                let (epoch, end_offset) = (diverging.epoch, diverging.end_offset);
                actions.push(Action::Diverged { partition, position: asked.position, epoch, end_offset });
            }
            0 => {
                state.failures = 0;
                // A broker of this version has compared the logs.
                state.unvalidated &= ticket.version < VALIDATES;
                actions.push(Action::Watermarks(Watermarks {
                    partition,
                    high_watermark: data.high_watermark,
                    last_stable_offset: data.last_stable_offset,
                }));
                if ticket.version >= RACKS {
                    self.prefer(broker, partition, data.preferred_read_replica.0, now, actions);
                }
                self.on_records(asked, data, now, actions);
            }
            code => self.on_refusal(ticket, asked, code, &data, now, actions),
        }
    }

    fn on_refusal(
        &mut self,
        ticket: &FetchTicket,
        asked: &Asked,
        code: i16,
        data: &PartitionData,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let (broker, partition) = (ticket.broker, asked.partition);
        let planted = self.planted;
        let hint = &data.current_leader;
        let at_leader = now + self.settings.retry.max;
        let Some(state) = self.partitions.get_mut(&partition) else { return };
        let is_follower = state.replica.follower() == Some(broker) && state.leadership.leader != Some(broker);
        match Refusal::of(code) {
            Refusal::OutOfRange if is_follower && !planted.has(Defect::FollowerOutOfRangeBelieved) => {
                // A follower lags behind, or has forgotten more: what the log holds, the leader knows.
                state.replica.leader_only(at_leader);
            }
            Refusal::OutOfRange => {
                state.answer_awaited = true;
                actions.push(Action::OutOfRange { partition, position: asked.position });
            }
            Refusal::Elsewhere if is_follower => {
                state.replica.leader_only(at_leader);
                actions.push(Action::RefreshMetadata { partition, reason: text(code) });
            }
            Refusal::Elsewhere => {
                let moved = ticket.version >= VALIDATES && state.follow_hint(hint.leader_id.0, hint.leader_epoch, planted);
                if !moved {
                    self.pause(partition, now);
                    self.tell(broker, partition, code, "asking again when metadata says whom", actions);
                }
                actions.push(Action::RefreshMetadata { partition, reason: text(code) });
            }
            Refusal::Later => {
                self.pause(partition, now);
                let hint = "asking again after a pause";
                actions.push(Action::Trouble { partition, error: self.refused(broker, partition, code, hint) });
            }
            Refusal::Damaged if state.stalls == 0 => {
                state.stalls += 1;
                self.pause(partition, now);
            }
            Refusal::Damaged => {
                let hint = "the broker's copy of the log is damaged";
                self.fail(partition, self.refused(broker, partition, code, hint), actions);
            }
            Refusal::Never(hint) => self.fail(partition, self.refused(broker, partition, code, hint), actions),
            Refusal::NotAuthorized => {
                let what = format!("fetch from {}/{partition}", self.topic);
                let error = Error::NotAuthorized { broker: format!("broker {broker}"), what, name: text(code) };
                self.fail(partition, error, actions);
            }
        }
    }

    /// The leader names a follower that is closer.
    fn prefer(&mut self, broker: i32, partition: Partition, follower: i32, now: Instant, actions: &mut Vec<Action>) {
        let Some(state) = self.partitions.get_mut(&partition) else { return };
        if follower < 0 || follower == broker {
            return;
        }
        if self.known.contains(&follower) {
            state.replica.prefer(follower, now + self.settings.follower_lease);
        } else {
            state.replica.leader_only(now + self.settings.retry.max);
            let reason = format!("the address of broker {follower}, a closer replica, is not known");
            actions.push(Action::RefreshMetadata { partition, reason });
        }
    }

    /// The partition is left alone until somebody says where to go on.
    pub(super) fn fail(&mut self, partition: Partition, error: Error, actions: &mut Vec<Action>) {
        if let Some(state) = self.partitions.get_mut(&partition) {
            state.answer_awaited = true;
        }
        actions.push(Action::Failed { partition, error });
    }

    /// Tells of a refusal that goes on longer than usual.
    fn tell(&self, broker: i32, partition: Partition, code: i16, hint: &'static str, actions: &mut Vec<Action>) {
        if self.partitions.get(&partition).is_some_and(|state| state.failures > USUAL_FAILURES) {
            actions.push(Action::Trouble { partition, error: self.refused(broker, partition, code, hint) });
        }
    }

    fn refused(&self, broker: i32, partition: Partition, code: i16, hint: &'static str) -> Error {
        let what = format!("fetch from {}/{partition}", self.topic);
        Error::Refused { broker: format!("broker {broker}"), what, code, name: error_name(code), hint }
    }

    /// A broker that answers early and empty again and again is left alone for a moment. Who bids it not to wait, asks for news at the
    /// pace of short waits.
    fn count_empty(&mut self, ticket: &FetchTicket, bytes: usize, now: Instant) {
        let since = ticket.idle_since.map_or(ticket.sent, |idle| idle.max(ticket.sent));
        let early = ticket.wait.is_zero() || now.saturating_duration_since(ticket.sent) * 2 < ticket.wait;
        let pause = self.settings.retry.max;
        let Some(broker) = self.brokers.get_mut(&ticket.broker) else { return };
        if bytes > 0 && ticket.had_more && !broker.is_pipelined {
            broker.waited(now.saturating_duration_since(since));
        }
        if bytes > 0 || !early {
            broker.empty_answers = 0;
            return;
        }
        broker.empty_answers += 1;
        if broker.empty_answers >= EMPTY_ANSWERS {
            let pause = if ticket.wait.is_zero() {
                broker.empty_answers = EMPTY_ANSWERS - 1;
                SHORT_WAIT
            } else {
                broker.empty_answers = 0;
                pause
            };
            broker.throttled_until = Some(broker.throttled_until.unwrap_or(now).max(now + pause));
        }
    }
}

fn address(endpoint: &NodeEndpoint) -> Option<BrokerAddress> {
    let port = u16::try_from(endpoint.port).ok().filter(|port| *port > 0)?;
    (!endpoint.host.is_empty()).then(|| BrokerAddress {
        node: endpoint.node_id.0,
        host: endpoint.host.to_string(),
        port,
        rack: endpoint.rack.as_ref().map(ToString::to_string),
    })
}
