spec::json([
    column("symbol", Type::Utf8),
    column("instrument__isin", Type::Utf8).at("/instrument/isin"),
    column("instrument__tick", Type::Float64).at("/instrument/tick"),
    column("at", Type::Timestamp(TimeUnit::Microsecond)),
    column("id", Type::Uuid),
    column("legs", Type::list(Type::structure([("qty", Type::Int64), ("day", Type::Date32)]))),
    column("tags", Type::list(Type::Utf8)),
    column("note", Type::Json),
    column("KafkaOffset_2", Type::Int64).at("/KafkaOffset"),
    column("a/b", Type::Bool),
])
