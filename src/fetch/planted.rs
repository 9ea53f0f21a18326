//! Defects that the simulation plants, to see that it would find them. Outside of tests there is none.

/// One way to get it wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Defect {
    /// The next offset is one more than it is.
    NextOffsetOneTooFar,
    /// The next offset follows the last record, not the last offset of the batch.
    NextAfterTheLastRecord,
    /// An answer to what was asked before a rewind is taken.
    LateAnswerTaken,
    /// A rewind does not begin a new generation.
    RewindKeepsGeneration,
    /// An error of the fetch session leaves the session as it was.
    SessionSurvivesItsError,
    /// The session's epoch stays the same from request to request.
    SessionEpochStandsStill,
    /// A partition that is not wanted any more is not taken out of the session.
    NothingForgotten,
    /// A lost connection leaves the session as it was.
    SessionSurvivesConnection,
    /// A position that changed without an answer is not told to the session.
    SessionNotUpdated,
    /// A broker that asked for rest is asked.
    ThrottleIgnored,
    /// Metadata of a lower epoch is taken.
    StaleEpochTaken,
    /// The epoch of the last batch is not sent.
    LastEpochNotSent,
    /// A rewind leaves the epoch where it was.
    EpochNotRewound,
    /// A hint of a lower epoch is followed.
    StaleHintFollowed,
    /// A follower that does not hold the position is believed.
    FollowerOutOfRangeBelieved,
    /// Another topic's id is adopted, with the position in the old one.
    RecreatedTopicAdopted,
    /// A partition that a full answer leaves out is asked for again without a pause.
    MissingTakenAsAnswered,
    /// What the answer says of a log that parted from ours is not read.
    DivergenceOverlooked,
    /// A new leader epoch is not validated where the broker does not.
    ValidationForgotten,
    /// Of a partition that is in an answer twice, both are taken.
    SecondCopyTaken,
    /// A partition is asked for in two requests at once.
    AskedTwice,
}

/// Which defect there is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Planted {
    #[cfg(test)]
    pub(super) defect: Option<Defect>,
}

impl Planted {
    #[cfg(test)]
    pub(super) fn has(self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    #[cfg(not(test))]
    #[inline(always)]
    pub(super) const fn has(self, _: Defect) -> bool {
        false
    }
}
