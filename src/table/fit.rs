//! Columns that are kept take the memory that they need, and no more.
//!
//! While a column grows it doubles what it has, and it begins a chunk with as much as the last one needed: at the end half of it may be
//! unused. A table that keeps rows would keep that too.

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::ScalarBuffer;

/// Gives back what the columns have reserved and do not use. An allocator that can cut off the end of what it gave out copies nothing.
///
/// `offsets` may be the memory of one of the columns, and is so afterwards. What somebody else holds as well is left as it is.
pub(super) fn fit(columns: &mut [ArrayRef], offsets: &mut ScalarBuffer<i64>) {
    let of = |column: &ArrayRef| Some(column.as_primitive_opt::<Int64Type>()?.values().clone());
    let shared = columns.iter().position(|column| of(column).is_some_and(|values| values.inner().ptr_eq(offsets.inner())));
    if shared.is_some() {
        *offsets = ScalarBuffer::default();
    }
    columns.iter_mut().for_each(Array::shrink_to_fit);
    if let Some(values) = shared.and_then(|at| columns.get(at)).and_then(of) {
        *offsets = values;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::builder::{BooleanBuilder, StringBuilder};
    use arrow_array::{Int64Array, StructArray};
    use arrow_schema::{DataType, Field};

    use super::*;

    /// A thousand rows in memory for a hundred thousand.
    fn roomy() -> Vec<ArrayRef> {
        let mut numbers = Vec::with_capacity(100_000);
        numbers.extend(0..1000_i64);
        let mut texts = StringBuilder::with_capacity(100_000, 1_000_000);
        let mut flags = BooleanBuilder::with_capacity(100_000);
        for row in 0..1000 {
            texts.append_option((row % 3 > 0).then(|| format!("row {row}")));
            flags.append_value(row % 2 == 0);
        }
        let inner: ArrayRef = Arc::new(Int64Array::from(Vec::from_iter(0..1000)));
        let parts = StructArray::from(vec![(Arc::new(Field::new("Inner", DataType::Int64, true)), inner)]);
        vec![Arc::new(Int64Array::from(numbers)), Arc::new(texts.finish()), Arc::new(flags.finish()), Arc::new(parts)]
    }

    fn reserved(columns: &[ArrayRef]) -> usize {
        columns.iter().map(|column| column.get_buffer_memory_size()).sum()
    }

    fn needed(columns: &[ArrayRef]) -> usize {
        columns.iter().map(|column| column.to_data().get_slice_memory_size().expect("a size")).sum()
    }

    #[test]
    fn columns_give_back_what_they_do_not_use_and_keep_their_rows() {
        let mut columns = roomy();
        let before = roomy();
        assert!(reserved(&columns) > 10 * needed(&columns), "they have more than they use");
        fit(&mut columns, &mut ScalarBuffer::default());
        assert!(reserved(&columns) <= needed(&columns) + 64, "{} of {}", reserved(&columns), needed(&columns));
        assert_eq!(columns, before);
    }

    #[test]
    fn a_column_that_is_the_offsets_too_is_fitted_and_goes_on_to_be_them() {
        let mut columns = roomy();
        let mut offsets = columns[0].as_primitive::<Int64Type>().values().clone();
        fit(&mut columns, &mut offsets);
        assert!(offsets.inner().ptr_eq(columns[0].as_primitive::<Int64Type>().values().inner()));
        assert_eq!((offsets.len(), columns[0].get_buffer_memory_size()), (1000, 8000));
    }

    #[test]
    fn what_somebody_else_holds_is_left_as_it_is() {
        let mut columns = roomy();
        let others = columns.clone();
        fit(&mut columns, &mut ScalarBuffer::default());
        assert_eq!(reserved(&columns), reserved(&others));
        assert_eq!(columns, others);
    }
}
