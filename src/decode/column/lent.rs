//! Memory of arrays that others have for a moment, and give back by dropping it.
//!
//! Fresh memory of a few MiB for each chunk costs as much as filling it: the pages are mapped, zeroed and unmapped each time. Whoever
//! reads a blink table drops its rows after a cycle; the column then takes the vectors again. A column whose arrays are kept for long
//! lends nothing: its vectors would be larger than what they hold.

use std::collections::VecDeque;

use arrow_array::{Array, ArrayRef};
use arrow_buffer::{ArrowNativeType, Buffer};

use super::values::{Values, each_native};

/// Smaller arrays are cheaper from the allocator.
const WORTH_IT: usize = 32 << 10;

/// Arrays that are out at a time; of more, the oldest is forgotten.
const OUT: usize = 32;

/// Arrays that are back and lie ready for the next ones.
const READY: usize = 1;

/// The buffers of a column's last arrays.
#[derive(Debug, Default)]
pub(super) struct Lent(VecDeque<Vec<Buffer>>);

impl Lent {
    /// Remembers an array that is given out.
    pub(super) fn lend(&mut self, array: &ArrayRef) {
        let data = array.to_data();
        if data.buffers().iter().map(Buffer::len).sum::<usize>() < WORTH_IT {
            return;
        }
        self.0.push_back(data.buffers().to_vec());
        if self.0.len() > OUT {
            self.0.pop_front();
        }
    }

    /// Fills `values`, which are empty, with the memory of the array that has been back for longest. What else is back and not needed
    /// soon is given to the allocator.
    pub(super) fn reclaim(&mut self, values: &mut Values) {
        let is_back = |buffers: &Vec<Buffer>| buffers.iter().all(|buffer| buffer.strong_count() == 1);
        if let Some(at) = self.0.iter().position(is_back)
            && let Some(buffers) = self.0.remove(at)
        {
            refill(values, buffers);
        }
        let mut ready = 0;
        self.0.retain(|buffers| {
            ready += usize::from(is_back(buffers));
            !is_back(buffers) || ready <= READY
        });
    }
}

fn refill(values: &mut Values, buffers: Vec<Buffer>) {
    let mut buffers = buffers.into_iter();
    each_native!(values, vector => emptied(buffers.next(), vector),
        Values::Bytes { offsets, data } => {
            emptied(buffers.next(), offsets);
            offsets.push(0);
            emptied(buffers.next(), data);
        }
        Values::Bool(_) | Values::Fixed { .. } | Values::List { .. } | Values::Struct { .. } => {}
    );
}

/// The vector that the buffer was, without its values; `vector` stays empty where somebody else has the buffer, or a part of it.
fn emptied<T: ArrowNativeType>(buffer: Option<Buffer>, vector: &mut Vec<T>) {
    vector.clear();
    if let Some(Ok(mut back)) = buffer.map(Buffer::into_vec) {
        back.clear();
        *vector = back;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;
    use arrow_schema::{DataType, Field};

    use super::*;
    use crate::decode::Column;

    const ROWS: i64 = 10_000;

    fn lending(data_type: DataType) -> Column {
        Column::lending(&Arc::new(Field::new("c", data_type, true))).expect("a column")
    }

    fn numbers(column: &mut Column, from: i64, rows: i64) -> ArrayRef {
        column.reserve(64);
        (from..from + rows).for_each(|number| column.push_i64(number));
        column.finish().expect("an array")
    }

    fn place(array: &ArrayRef) -> usize {
        array.as_primitive::<Int64Type>().values().as_ptr() as usize
    }

    #[test]
    fn the_memory_of_an_array_that_was_dropped_is_used_again() {
        let mut column = lending(DataType::Int64);
        let first = numbers(&mut column, 0, ROWS);
        let where_it_was = place(&first);
        drop(first);
        let second = numbers(&mut column, ROWS, ROWS);
        let third = numbers(&mut column, 2 * ROWS, ROWS);
        assert_eq!(place(&third), where_it_was);
        assert_ne!(place(&second), where_it_was);
        assert_eq!(second.as_primitive::<Int64Type>().value(1), ROWS + 1);
        assert_eq!(third.as_primitive::<Int64Type>().value(1), 2 * ROWS + 1);
    }

    #[test]
    fn an_array_that_somebody_keeps_or_has_a_slice_of_stays_as_it_is() {
        let mut column = lending(DataType::Int64);
        let kept = numbers(&mut column, 0, ROWS);
        let slice = numbers(&mut column, ROWS, ROWS).slice(5, 2);
        for round in 2..10 {
            drop(numbers(&mut column, round * ROWS, ROWS));
        }
        assert!(kept.as_primitive::<Int64Type>().values().iter().copied().eq(0..ROWS));
        assert_eq!(slice.as_primitive::<Int64Type>().values(), &[ROWS + 5, ROWS + 6]);
    }

    #[test]
    fn bytes_and_their_offsets_come_back_empty() {
        let mut column = lending(DataType::Binary);
        for round in 0..5_u8 {
            let run = [round; 100];
            let runs = [Some(&run[..]), None, Some(&[][..])].repeat(1000);
            column.extend_payloads(&runs).expect("bytes");
            let array = column.finish().expect("an array");
            let array = array.as_binary::<i32>();
            assert_eq!((array.len(), array.null_count(), array.values().len()), (3000, 1000, 100_000));
            assert!(array.value(2997) == run && array.is_null(2998) && array.value(2999).is_empty());
        }
    }

    #[test]
    fn few_rows_do_not_keep_much_memory() {
        let mut column = lending(DataType::Int64);
        drop(numbers(&mut column, 0, ROWS));
        drop(numbers(&mut column, 0, ROWS));
        let few = numbers(&mut column, 0, 10);
        assert!(few.get_buffer_memory_size() < 1000, "{} bytes", few.get_buffer_memory_size());
    }

    #[test]
    fn of_what_is_back_only_what_is_needed_soon_is_kept() {
        let mut column = lending(DataType::Int64);
        let out: Vec<ArrayRef> = (0..10).map(|_| numbers(&mut column, 0, ROWS)).collect();
        drop(out);
        drop(numbers(&mut column, 0, ROWS));
        let lent = column.lent.as_ref().expect("it lends");
        assert!(lent.0.len() <= READY + 1, "{}", lent.0.len());
    }
}
