using System.Text;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Dapper;

namespace Convoy.Store.Sqlite;

public sealed partial class SqliteStore
{
    public Task<User?> AddUserAsync(string name, string level, bool isAdministrator, DateTimeOffset createdAt, CancellationToken cancellationToken) => WriteAsync(
        connection =>
        {
            // Asked first, because an insert that meets a conflict uses up a number.
            if (connection.QuerySingleOrDefault<UserRow>(PeopleQueries.User, new { name }) is not null) return null;
            var number = connection.ExecuteScalar<int>(
                "INSERT INTO users (name, level, administrator, created_at) VALUES (@name, @level, @isAdministrator, @at) RETURNING number",
                new { name, level, isAdministrator, at = StoredTime.Of(createdAt) });
            return new User(name, number, level, isAdministrator, createdAt);
        },
        cancellationToken);

    public Task<User?> GetUserAsync(string name, CancellationToken cancellationToken) =>
        ReadOneAsync(connection => connection.QuerySingleOrDefault<UserRow>(PeopleQueries.User, new { name })?.ToUser(), cancellationToken);

    public Task<IReadOnlyList<User>> ListUsersAsync(string after, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return ReadAsync<IReadOnlyList<User>>(connection => [.. connection.Query<UserRow>(PeopleQueries.Users, new { after, limit }).Select(row => row.ToUser())], cancellationToken);
    }

    public Task AddTokenAsync(AccessToken token, CancellationToken cancellationToken) =>
        WriteAsync(connection => connection.Execute("INSERT INTO tokens VALUES (@Id, @User, @Hash, @CreatedAt, @ExpiresAt, @RevokedAt, @Label)", TokenRow.Of(token)), cancellationToken);

    public Task<AccessToken?> FindTokenAsync(string hash, CancellationToken cancellationToken) =>
        ReadOneAsync(connection => connection.QuerySingleOrDefault<TokenRow>(PeopleQueries.Token, new { hash })?.ToToken(), cancellationToken);

    public Task<IReadOnlyList<AccessToken>> ListTokensAsync(string? user, string after, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return ReadAsync<IReadOnlyList<AccessToken>>(
            connection => [.. connection.Query<TokenRow>(PeopleQueries.Tokens(user), new { user, after, limit }).Select(row => row.ToToken())], cancellationToken);
    }

    public Task<bool> RevokeTokenAsync(string id, DateTimeOffset at, CancellationToken cancellationToken) => WriteAsync(
        connection => connection.Execute("UPDATE tokens SET revoked_at = coalesce(revoked_at, @at) WHERE id = @id", new { id, at = StoredTime.Of(at) }) > 0, cancellationToken);

    public Task<IReadOnlyList<Level>> ListLevelsAsync(CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<Level>>(connection => [.. connection.Query<LevelRow>(PeopleQueries.Levels).Select(row => row.ToLevel())], cancellationToken);

    public Task SaveLevelAsync(Level level, CancellationToken cancellationToken) => WriteAsync(connection => LevelRow.Save(connection, level), cancellationToken);

    public Task<StoredOrganisation> GetOrganisationAsync(CancellationToken cancellationToken) => ReadAsync(
        connection => connection.QuerySingleOrDefault<OrganisationRow>(PeopleQueries.Organisation)?.ToOrganisation() ?? new StoredOrganisation(0, Organisation.Empty), cancellationToken);

    public Task<CommitOutcome> SaveOrganisationAsync(StoredOrganisation next, string by, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var body = Encoding.UTF8.GetString(next.Organisation.ToJson());
        return WriteAsync(
            connection =>
            {
                var newest = connection.QuerySingleOrDefault<OrganisationRow>(PeopleQueries.Organisation)?.Revision ?? 0;
                if (newest != next.Revision - 1) return CommitOutcome.Conflict;
                connection.Execute("INSERT INTO organisation VALUES (@Revision, @body, @by, @at)", new { next.Revision, body, by, at = StoredTime.Of(at) });
                foreach (var level in next.Organisation.Levels) LevelRow.Save(connection, level);
                return CommitOutcome.Committed;
            },
            cancellationToken);
    }

    public Task GrantCodeAsync(string owner, string sha256, long bytes, DateTimeOffset at, CancellationToken cancellationToken) => WriteAsync(
        connection => connection.Execute("INSERT INTO code_grants VALUES (@owner, @sha256, @bytes, @at) ON CONFLICT DO NOTHING", new { owner, sha256, bytes, at = StoredTime.Of(at) }),
        cancellationToken);

    public Task<bool> HasCodeAsync(string owner, string sha256, CancellationToken cancellationToken) =>
        ReadOneAsync(connection => connection.ExecuteScalar<bool>(PeopleQueries.Code, new { owner, sha256 }), cancellationToken);
}
