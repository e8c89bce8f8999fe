using Convoy.Core.Languages;

namespace Convoy.Store;

/// <summary>What keeps a store from answering.</summary>
public enum StoreFault
{
    /// <summary>No space is left. Nothing of the write was kept; it may be tried again when there is.</summary>
    NoSpace,

    /// <summary>The storage failed, is locked by another program or cannot be opened. A write that met it may be tried again.</summary>
    Unavailable,

    /// <summary>The data breaks a rule of the schema, such as a second token with the same id. Nothing of the write was kept.</summary>
    Refused,

    /// <summary>The file is no database of Convoy's, or it is damaged.</summary>
    Damaged,

    /// <summary>The database was written by a newer version than this program.</summary>
    NewerSchema,
}

/// <summary>The store could not do what it was asked. A write that throws it was not acknowledged and left nothing half done.</summary>
public sealed class StoreException(StoreFault fault, Text explanation, Exception? innerException = null) : Exception(explanation.ToString(), innerException), IExplained
{
    public StoreFault Fault { get; } = fault;

    public Text Explanation { get; } = explanation;
}
