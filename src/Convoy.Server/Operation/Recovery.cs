using Convoy.Core.Languages;
using Convoy.Server.Authentication;
using Convoy.Store;
using Convoy.Store.Sqlite;

namespace Convoy.Server.Operation;

/// <summary>
/// A new token for an administrator who has lost theirs. Who may write the state folder is whoever runs the platform: there is no other proof.
/// A running server takes the new token, and no longer the revoked ones, at once.
/// </summary>
public static class Recovery
{
    private const int TokensAtOnce = 100;

    /// <returns>Where the token lies, and how many others were revoked.</returns>
    /// <exception cref="StateFolderException">There is no such platform, or no such administrator.</exception>
    public static async Task<(string File, int Revoked)> RunAsync(string statePath, string? user, bool revokesOthers, TimeProvider time, CancellationToken cancellationToken)
    {
        using var state = StateFolder.Beside(statePath);
        await using var store = await SqliteStore.OpenAsItIsAsync(state.Database, cancellationToken);
        var name = user ?? FirstStart.Administrator;
        if (await store.GetUserAsync(name, cancellationToken) is not { IsAdministrator: true }) throw new StateFolderException($"{name} is no administrator of the platform in {statePath}; name one with --user");

        var now = time.GetUtcNow();
        var (text, stored) = BearerTokens.New(name, now, expiresAt: null, "recovered from the state folder");
        await store.AddTokenAsync(stored, cancellationToken);
        StateFolder.WriteSecret(state.AdministratorToken, text);
        return (state.AdministratorToken, revokesOthers ? await RevokeOthersAsync(store, name, stored.Id, now, cancellationToken) : 0);
    }

    private static async Task<int> RevokeOthersAsync(SqliteStore store, string user, string kept, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var revoked = 0;
        for (var after = ""; ;)
        {
            var page = await store.ListTokensAsync(user, after, TokensAtOnce, cancellationToken);
            foreach (var token in page.Where(token => token.Id != kept && token.IsValidAt(now)))
            {
                if (await store.RevokeTokenAsync(token.Id, now, cancellationToken)) revoked++;
            }

            if (page.Count < TokensAtOnce) return revoked;
            after = page[^1].Id;
        }
    }
}
