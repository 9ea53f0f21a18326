//! A block of payloads goes through the plan of their message: each step over all of them, before the next.
//!
//! A step predicts its field: it is the next one of a message, or the message has none. So a field's kind is looked at once for a block,
//! and its number not at all, and nothing depends on what is in the messages but numbers: whether one ended too early, or had more than
//! was expected, is asked once, at its end ([`Rows`]). Where messages had fields in another order they are gone through field by field,
//! which finds the fields of all ([`walk`]), and then the steps go to them; the order that they had is expected of the next.
//!
//! What comes more than once, but lists, or takes the place of another, and what is wrong, is no part of a block: it is given up, and the
//! caller does it row by row, which is what says what it means.

use super::columns::Columns;
use super::order::Turn;
use super::plan::{Plan, Step, Tag, Work};
use super::wire::{Cursor, MOST_NESTED, Raw, Segment};
use super::{row, value};
use crate::decode::tray::Tray;
use crate::decode::{BLOCK_ROWS, Column};
use crate::spec::{Entry, Item, Message, ProtobufShape as Shape};

mod lists;
mod numbers;
mod rows;
mod texts;
mod varint;
mod walk;

use lists::Runs;
use numbers::Found;
use rows::{Rows, is_next};
use texts::Texts;
use walk::NOWHERE;

impl Plan {
    /// Appends one row to each column for each of the payloads; none where it takes more than a plan to do so.
    pub(super) fn run_block(&mut self, message: &Message, tray: &Tray, room: &mut Room, columns: &mut [Column]) -> Option<()> {
        let before = columns.first().map_or(0, Column::len);
        let mut block = Block { tray, room };
        let done = block.messages(self, message, &mut Rows::of(tray), Columns::new(columns), MOST_NESTED);
        if done.is_none() {
            columns.iter_mut().for_each(|column| column.truncate(before));
        }
        done
    }
}

/// Where the values of a step are on their way to a column.
#[derive(Debug)]
pub(super) struct Room {
    bits: [u64; BLOCK_ROWS],
    more_bits: [u64; BLOCK_ROWS],
    texts: Texts,
}

impl Default for Room {
    fn default() -> Self {
        Self { bits: [0; BLOCK_ROWS], more_bits: [0; BLOCK_ROWS], texts: Texts::default() }
    }
}

/// What a block is read from, and through.
struct Block<'t> {
    tray: &'t Tray,
    room: &'t mut Room,
}

impl Block<'_> {
    /// Appends one row to each column for each message, and moves them to their ends.
    ///
    /// Where it fails the columns may have some of the rows, but no items of lists without one.
    fn messages(
        &mut self,
        plan: &mut Plan,
        message: &Message,
        rows: &mut Rows,
        mut columns: Columns<'_>,
        depth: usize,
    ) -> Option<()> {
        let starts = rows.at;
        if plan.order.worth(rows.count) {
            let before = columns.at(0).map_or(0, |column| column.len());
            if self.in_order(plan, message, rows, &mut columns, depth)? {
                plan.order.kept();
                return Some(());
            }
            let left = rows.first_left();
            rows.restart(starts);
            columns.each(|column| column.truncate(before));
            self.in_any_order(plan, message, rows, &mut columns, depth)?;
            let fields = left.and_then(|row| Some(walk::fields(self.tray, *starts.get(row)?, *rows.end.get(row)?, depth)));
            let other = fields.is_some_and(|fields| plan.learn(&fields));
            plan.order.broken(rows.count, other);
            return Some(());
        }
        self.in_any_order(plan, message, rows, &mut columns, depth)
    }

    /// As [`Self::messages`], where their fields come in the order that is expected. False where they do not.
    fn in_order(
        &mut self,
        plan: &mut Plan,
        message: &Message,
        rows: &mut Rows,
        columns: &mut Columns<'_>,
        depth: usize,
    ) -> Option<bool> {
        let Plan { steps, order } = &mut *plan;
        for turn in &order.turns {
            let (step, found) = match turn {
                Turn::Step(index) => {
                    let step = steps.get_mut(*index)?;
                    let found = self.step(step, message, rows, columns, depth)?;
                    (&*step, found)
                }
                Turn::Passed(step) => (step, walk::pass(self.tray, step, rows, depth)?),
            };
            rows.may(step, found)?;
            if !rows.has_required(step, found) {
                return Some(false);
            }
        }
        Some(rows.all_at_end())
    }

    /// As [`Self::messages`], whatever the order of their fields.
    fn in_any_order(
        &mut self,
        plan: &mut Plan,
        message: &Message,
        rows: &mut Rows,
        columns: &mut Columns<'_>,
        depth: usize,
    ) -> Option<()> {
        let places = plan.places(self.tray, rows, depth)?;
        for (step, places) in plan.steps.iter_mut().zip(&places) {
            if step.is_skip() {
                let found = places.iter().rev().fold(0, |found, place| found << 1 | u64::from(*place != NOWHERE));
                rows.may(step, found)?;
                continue;
            }
            for ((at, end), place) in rows.at.iter_mut().zip(&rows.end).zip(places) {
                *at = if *place == NOWHERE { *end } else { *place };
            }
            let found = self.step(step, message, rows, columns, depth)?;
            rows.may(step, found)?;
            if !rows.has_required(step, found) {
                return None;
            }
        }
        rows.at = rows.end;
        Some(())
    }

    /// Does one step, and says which rows had the field.
    #[inline]
    fn step(
        &mut self,
        step: &mut Step,
        message: &Message,
        rows: &mut Rows,
        columns: &mut Columns<'_>,
        depth: usize,
    ) -> Option<u64> {
        let tray = self.tray;
        let column = step.column;
        if step.is_skip() {
            return walk::pass(tray, step, rows, depth);
        }
        match &mut step.work {
            Work::Number { scalar, absent } => {
                let found = Found::read(tray, &step.tag, rows, &mut self.room.bits)?;
                let which = found.rows;
                found.append(scalar, *absent, rows, columns.at(column)?)?;
                return Some(which);
            }
            Work::Name { names, absent } => {
                let found = Found::read(tray, &step.tag, rows, &mut self.room.bits)?;
                let which = found.rows;
                found.append_names(names, *absent, rows, columns.at(column)?)?;
                return Some(which);
            }
            Work::Run { text, absent, width } => {
                let runs = texts::Runs { tag: &step.tag, absent: absent.as_deref(), text: *text };
                return runs.append(tray, rows, &mut self.room.texts, width, columns.at(column)?);
            }
            Work::Numbers { scalar, single } => {
                return lists::numbers(tray, (&step.tag, scalar, single), rows, columns.at(column)?);
            }
            _ => {}
        }
        self.large_step(step, message.entries.get(step.entry)?, rows, columns.part(step.column, step.width), depth)
    }

    /// As [`Self::step`], of what is made of messages.
    fn large_step(
        &mut self,
        step: &mut Step,
        entry: &Entry,
        rows: &mut Rows,
        mut columns: Columns<'_>,
        depth: usize,
    ) -> Option<u64> {
        let tray = self.tray;
        let (tag, number) = (step.tag, step.number);
        let field = (&tag, number);
        match (&mut step.work, &entry.shape) {
            (Work::Flat { plan, always }, Shape::Flat(inner)) => self.flat(plan, inner, field, rows, *always, columns, depth),
            (Work::Flat { plan, always }, Shape::One(Item::Only(inner))) => {
                self.flat(plan, inner, field, rows, *always, columns, depth)
            }
            (Work::Struct { plan, always }, Shape::One(Item::Struct(inner))) => {
                let (mut inners, found) = self.inners(field, rows, *always, depth)?;
                let (count, valid) = (rows.count, rows.mask(inners.there));
                columns.at(0)?.extend_valid_structs(count, valid, |fields| {
                    if inners.there == 0 {
                        fields.iter_mut().for_each(|field| field.append_nulls(count));
                        return Some(());
                    }
                    self.messages(plan, inner, &mut inners, Columns::new(fields), depth.checked_sub(1)?)
                })?;
                Some(found)
            }
            (Work::Time { duration, always }, _) => {
                let (mut inners, found) = self.inners(field, rows, *always, depth)?;
                let Room { bits, more_bits, .. } = &mut *self.room;
                let seconds = Found::read(tray, &Tag::new(1, 0), &mut inners, bits)?;
                let nanos = Found::read(tray, &Tag::new(2, 0), &mut inners, more_bits)?;
                if !inners.all_at_end() {
                    return None;
                }
                numbers::times(&seconds, &nanos, *duration, &inners, columns.at(0)?)?;
                Some(found)
            }
            (Work::Runs { text }, _) => {
                let (runs, found) = Runs::read(tray, field, rows, depth)?;
                let valid = rows.mask(rows.there);
                columns.at(0)?.extend_lists(runs.counts(rows), valid, |items| runs.append(tray, *text, items))?;
                Some(found)
            }
            (Work::Messages { plan, structs }, Shape::List(Item::Struct(inner))) if *structs => {
                let (runs, found) = Runs::read(tray, field, rows, depth)?;
                let valid = rows.mask(rows.there);
                let depth = depth.checked_sub(1)?;
                columns.at(0)?.extend_lists(runs.counts(rows), valid, |items| {
                    runs.messages().try_for_each(|mut inners| {
                        let (count, valid) = (inners.count, inners.mask(inners.there));
                        items.extend_valid_structs(count, valid, |fields| {
                            self.messages(plan, inner, &mut inners, Columns::new(fields), depth)
                        })
                    })
                })?;
                Some(found)
            }
            (Work::Messages { plan, .. }, Shape::List(Item::Only(inner))) => {
                let (runs, found) = Runs::read(tray, field, rows, depth)?;
                let valid = rows.mask(rows.there);
                let depth = depth.checked_sub(1)?;
                columns.at(0)?.extend_lists(runs.counts(rows), valid, |items| {
                    runs.messages().try_for_each(|mut inners| {
                        self.messages(plan, inner, &mut inners, Columns::new(std::slice::from_mut(items)), depth)
                    })
                })?;
                Some(found)
            }
            (Work::Map { plan }, Shape::Map(inner)) => {
                let (runs, found) = Runs::read(tray, field, rows, depth)?;
                let valid = rows.mask(rows.there);
                let depth = depth.checked_sub(1)?;
                let counts = runs.counts(rows);
                columns.at(0)?.extend_lists(counts, valid, |pairs| {
                    let before = pairs.len();
                    runs.messages().try_for_each(|mut inners| {
                        let (count, valid) = (inners.count, inners.mask(inners.there));
                        pairs.extend_valid_structs(count, valid, |fields| {
                            self.messages(plan, inner, &mut inners, Columns::new(fields), depth)
                        })
                    })?;
                    distinct(pairs.fields().first()?, before, counts)
                })?;
                Some(found)
            }
            (Work::Lists { plan, map }, Shape::Lists { message, .. }) => {
                let done = self.lists(plan, message, field, rows, *map, &mut columns, depth);
                if done.is_none() {
                    columns.each(Column::drop_items);
                }
                done
            }
            (Work::Entry { single }, _) => self.entries((&tag, number, single.as_ref()), entry, rows, columns, depth),
            _ => None,
        }
    }

    /// The messages of a field, and which rows have one. They are all within those that they are in.
    fn inners(&self, (tag, number): (&Tag, u32), rows: &mut Rows, always: bool, depth: usize) -> Option<(Rows, u64)> {
        let tray = self.tray;
        let mut inners = Rows::new(rows.count);
        let (mut found, mut fine) = (0, true);
        if tag.wire_type == 3 {
            for (row, (at, end)) in rows.each() {
                if is_next(tray, tag, *at, *end) {
                    let from = *at + tag.length;
                    let (to, behind) = walk::group(tray, number, from, *end, depth)?;
                    inners.set(row, from, to);
                    *at = behind;
                    found |= 1 << row;
                }
            }
        } else {
            let mut ends = inners.end.iter_mut();
            found = rows.take(tray, tag, &mut inners.at, |there, place| {
                let (length, bytes) = varint::run(tray, there, place, &mut fine);
                let start = place.wrapping_add(bytes);
                if let Some(end) = ends.next() {
                    *end = if there { start.wrapping_add(length) } else { 0 };
                }
                (if there { start } else { 0 }, bytes.wrapping_add(length))
            });
            // They are behind the field now.
            fine &= rows.at.iter().zip(&rows.end).take(rows.count).fold(true, |all, (at, end)| all & (at <= end));
        }
        inners.there = if always { rows.there } else { found };
        fine.then_some((inners, found))
    }

    #[expect(clippy::too_many_arguments, reason = "what a message is, and where it goes")]
    fn flat(
        &mut self,
        plan: &mut Plan,
        inner: &Message,
        field: (&Tag, u32),
        rows: &mut Rows,
        always: bool,
        mut columns: Columns<'_>,
        depth: usize,
    ) -> Option<u64> {
        let (mut inners, found) = self.inners(field, rows, always, depth)?;
        if inners.there == 0 {
            columns.each(|column| column.append_nulls(rows.count));
        } else {
            self.messages(plan, inner, &mut inners, columns, depth.checked_sub(1)?)?;
        }
        Some(found)
    }

    #[expect(clippy::too_many_arguments, reason = "what a message is, and where it goes")]
    fn lists(
        &mut self,
        plan: &mut Plan,
        inner: &Message,
        field: (&Tag, u32),
        rows: &mut Rows,
        map: bool,
        columns: &mut Columns<'_>,
        depth: usize,
    ) -> Option<u64> {
        let (runs, found) = Runs::read(self.tray, field, rows, depth)?;
        let (counts, valid, depth) = (runs.counts(rows), rows.mask(rows.there), depth.checked_sub(1)?);
        let before = columns.at(0)?.closed_items();
        for mut inners in runs.messages() {
            self.messages(plan, inner, &mut inners, columns.items(), depth)?;
        }
        if map {
            distinct(columns.items().at(0)?, before, counts)?;
        }
        let mut done = Some(());
        columns.each(|column| done = done.and_then(|()| column.extend_lists(counts, valid, |_| Some(()))));
        done.map(|()| found)
    }

    /// Values of a kind that has no loop of its own.
    fn entries(
        &mut self,
        (tag, number, single): (&Tag, u32, Option<&Tag>),
        entry: &Entry,
        rows: &mut Rows,
        mut columns: Columns<'_>,
        depth: usize,
    ) -> Option<u64> {
        let mut slot: Vec<Raw<'_>> = Vec::new();
        let (there, mut found) = (rows.there, 0);
        for (row, (at, end)) in rows.each() {
            if there >> row & 1 == 0 {
                columns.append_nulls();
                continue;
            }
            slot.clear();
            let mut cursor = Cursor::new(Segment { bytes: self.tray.bytes(*at, *end)?, at: 0 });
            while *at < *end {
                let word = self.tray.word(*at);
                let tag = [Some(tag), single].into_iter().flatten().find(|tag| tag.begins(word));
                let Some(tag) = tag else { break };
                let before = cursor.position();
                cursor.take(u64::from(tag.length)).ok()?;
                let raw = cursor.value(number, tag.wire_type, depth).ok()?;
                if let Shape::One(item) | Shape::List(item) = &entry.shape {
                    value::check(item, &raw).ok()?;
                }
                slot.push(raw);
                *at += u32::try_from(cursor.position() - before).ok()?;
                found |= 1 << row;
            }
            row::append(entry, &slot, columns.again(), depth).ok()?;
        }
        Some(found)
    }
}

/// None where a row has two entries of one key.
fn distinct(keys: &Column, mut from: usize, counts: &[u32]) -> Option<()> {
    counts
        .iter()
        .all(|count| {
            let start = from;
            from += *count as usize;
            *count < 2 || !keys.has_same(start..from)
        })
        .then_some(())
}
