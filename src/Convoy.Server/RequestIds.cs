using System.Security.Cryptography;

namespace Convoy.Server;

/// <summary>Every answer bears an id that is in the log too, so that a user's report can be found.</summary>
public static class RequestIds
{
    public const string Header = "X-Request-Id";

    public static string Of(HttpContext http) => (string)http.Items[Header]!;

    public static Task AddAsync(HttpContext http, RequestDelegate next)
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        http.Items[Header] = id;
        http.Response.Headers[Header] = id;
        return next(http);
    }
}
