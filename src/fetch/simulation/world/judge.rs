//! What must hold of every request and of every answer.

use kafka_protocol::messages::FetchRequest;

use super::super::super::{Action, FetchTicket, PartitionRecords};
use super::super::log::Serial;
use super::super::reader::Piece;
use super::{Task, World, view};
use crate::record::{Arena, Walk};

impl World {
    /// What must hold of every request.
    pub(super) fn check(&mut self, node: i32, ticket: &FetchTicket, request: &FetchRequest) {
        let rests = self.nodes[&node].rests_until;
        assert!(rests.is_none_or(|until| until <= self.now), "broker {node} asked to be left alone");
        let by_id = ticket.version >= 13;
        assert!(!by_id || request.topics.iter().all(|topic| topic.topic_id == self.reading), "another topic is asked for");
        if self.rng.u8(..) < 8 {
            kafka_protocol::protocol::Encodable::encode(request, &mut bytes::BytesMut::new(), ticket.version).unwrap();
        }
        for asked in &ticket.asked {
            let partition = asked.partition;
            let reader = &self.readers[&partition];
            assert!(!reader.held, "partition {partition} is held");
            assert!(!reader.is_away, "partition {partition} is not ours");
            let (position, epoch) = reader.expected();
            assert_eq!(asked.position, position, "partition {partition} is asked for where it ended");
            assert!(asked.last_epoch < 0 || asked.last_epoch == epoch, "partition {partition} says what was read last");
            let told = self.told.get(&partition).copied().unwrap_or(-1);
            assert!(ticket.version < 9 || asked.leader_epoch >= told, "partition {partition} falls back to an older epoch");
            let until = self.left_out.get(&(node, partition));
            assert!(until.is_none_or(|until| *until <= self.now), "what is left out is asked for after a pause");
        }
    }

    /// Says what happens, where one run is looked at.
    pub(super) fn say(&self, what: impl std::fmt::Debug) {
        if self.is_told {
            println!("{:>5} {what:?}", self.tally.steps);
        }
    }

    pub(super) fn act(&mut self, node: i32, action: Action, led: &[i32]) {
        if !matches!(action, Action::Watermarks(_) | Action::Endpoint(_) | Action::RefreshMetadata { .. }) {
            self.say((node, &action));
        }
        match action {
            Action::Records(records) => {
                self.tally.from_followers += usize::from(!led.contains(&records.partition));
                self.receive(&records);
            }
            Action::RefreshMetadata { .. } => self.views.push(view(&self.topic)),
            Action::Watermarks(_) | Action::Trouble { .. } | Action::Endpoint(_) => {}
            Action::OutOfRange { partition, position } => {
                assert!(led.contains(&partition), "broker {node} does not lead partition {partition}, and was believed");
                self.tally.out_of_range += 1;
                self.hand_over(partition, position, Task::OutOfRange { partition });
            }
            Action::Diverged { partition, position, epoch, end_offset } => {
                self.tally.divergences += 1;
                self.hand_over(partition, position, Task::Diverged { partition, epoch, end: end_offset });
            }
            Action::Validate { partition, position, last_epoch, .. } => {
                self.tally.validations += 1;
                self.hand_over(partition, position, Task::Validate { partition, last_epoch });
            }
            Action::Failed { partition, error } => panic!("partition {partition} fails: {error}"),
        }
    }

    pub(super) fn hand_over(&mut self, partition: i32, position: i64, task: Task) {
        let reader = self.reader(partition);
        reader.store_all();
        assert_eq!(position, reader.position);
        reader.is_away = true;
        self.core.remove(partition);
        self.tasks.push(task);
    }

    fn receive(&mut self, records: &PartitionRecords) {
        let partition = records.partition;
        let mut arena = Arena::new(1 << 20);
        let mut piece = Piece { from: records.from, next: records.next, rows: vec![], runs: vec![] };
        let mut end = records.from;
        for batch in Walk::new(&records.records) {
            let batch = batch.unwrap();
            batch.verify().unwrap();
            let next = batch.header.next_offset().unwrap();
            if next > end {
                end = next;
                piece.runs.push((next, batch.header.leader_epoch));
            }
            let mut batch = batch.records(&mut arena).unwrap();
            while let Some(record) = batch.next().unwrap() {
                if record.offset >= records.from {
                    piece.rows.push((record.offset, Serial::from_be_bytes(record.value.unwrap().try_into().unwrap())));
                }
            }
        }
        let reader = self.reader(partition);
        assert!(!reader.is_away, "partition {partition} is not ours");
        assert_eq!(records.from, reader.expected().0, "partition {partition} goes on where it ended");
        assert!(records.next > records.from);
        assert_eq!(records.next, end, "partition {partition} goes on behind its last batch");
        reader.pending.push_back(piece);
        self.tally.pieces += 1;
    }
}
