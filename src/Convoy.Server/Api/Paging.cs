using System.Globalization;

namespace Convoy.Server.Api;

/// <summary>A list's size and where it goes on. Every list of the API is bounded.</summary>
public readonly record struct Paging(int Limit, string? From)
{
    private const int Default = 100;
    private const int Most = 1000;

    /// <param name="key">Name of the query parameter that says where to go on: <c>after</c> or <c>before</c>.</param>
    public static (Paging Paging, IResult? Refusal) Read(HttpContext http, string key)
    {
        var text = http.Request.Query["limit"].ToString();
        var limit = Default;
        if (text.Length > 0 && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > Most))
        {
            return (default, Problems.BadRequest("BadLimit", $"limit is a number from 1 to {Most}, not '{text}'"));
        }

        var from = http.Request.Query[key].ToString();
        return (new Paging(limit, from.Length == 0 ? null : from), null);
    }

    /// <summary>The key as a number; where there is none, <paramref name="start"/>.</summary>
    public (long Key, IResult? Refusal) Number(long start) => From is null ? (start, null)
        : long.TryParse(From, NumberStyles.None, CultureInfo.InvariantCulture, out var key) ? (key, null)
        : (0, BadCursor(From));

    public static IResult BadCursor(string from) => Problems.BadRequest("BadCursor", $"'{from}' is not where a list goes on; give what `next` said");

    /// <summary>What to give as the key to read on; null where the page was not full.</summary>
    public string? Next(int count, object lastKey) => count < Limit ? null : Convert.ToString(lastKey, CultureInfo.InvariantCulture);
}
