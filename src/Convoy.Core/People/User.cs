namespace Convoy.Core.People;

/// <param name="Number">Counts from 1 and is never given again: where tasks run under uids of their own, it decides the uid.</param>
public sealed record User(string Name, int Number, string Level, bool IsAdministrator, DateTimeOffset CreatedAt);

/// <summary>A token as it is stored: never the token itself.</summary>
/// <param name="Hash">SHA-256 of the secret, lower-case hexadecimal; the secret has 256 random bits, so a plain hash is enough.</param>
public sealed record AccessToken(string Id, string User, string Hash, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt, string? Label)
{
    public bool IsValidAt(DateTimeOffset now) => RevokedAt is null && (ExpiresAt is null || now < ExpiresAt);
}
