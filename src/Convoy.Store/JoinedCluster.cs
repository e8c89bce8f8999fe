namespace Convoy.Store;

/// <summary>A cluster that an agent keeps.</summary>
/// <param name="TokenHash">SHA-256 of the agent's token, lower-case hexadecimal; the token itself is not stored.</param>
public sealed record JoinedCluster(string Name, string Kind, string TokenHash, string By, DateTimeOffset At);
