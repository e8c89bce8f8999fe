namespace Convoy.NodeAgent.Tests.Serving;

/// <summary>What may become of an answer on its way.</summary>
public enum Fault
{
    None,

    /// <summary>503.</summary>
    Unavailable,

    /// <summary>No answer, and the connection stays.</summary>
    Stall,

    /// <summary>The same after some bytes.</summary>
    StallMidway,

    /// <summary>The connection ends before all bytes have come that were announced.</summary>
    CutOff,

    /// <summary>Fewer bytes are announced than were asked for.</summary>
    Less,
    More,
    Reset,
    ResetMidway,

    /// <summary>Bytes from elsewhere in the pack, and it says so.</summary>
    OtherPart,

    /// <summary>Right in all but a byte.</summary>
    WrongByte,
    NoHttp,
}
