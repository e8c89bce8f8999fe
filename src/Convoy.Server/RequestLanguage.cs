using System.Text.Json;
using Convoy.Client.Wire;
using Convoy.Core.Languages;

namespace Convoy.Server;

/// <summary>
/// The language that whoever asks wants to read. It is settled where texts become JSON and nowhere before: everything else hands on texts, which
/// are in none.
/// </summary>
public static class RequestLanguage
{
    private static readonly AsyncLocal<Language> Asked = new();

    // Before what is made with it: fields are filled in the order in which they stand.
    public static TextJsonConverter Converter { get; } = new(() => Asked.Value);

    /// <summary>The API's JSON, its sentences in the request's language.</summary>
    public static WireJson Json { get; } = new(InRequestLanguage());

    public static async Task AnswerAsync(HttpContext http, RequestDelegate next)
    {
        Asked.Value = LanguageTags.OfAccepted(http.Request.Headers.AcceptLanguage);
        await next(http);
    }

    private static JsonSerializerOptions InRequestLanguage()
    {
        var options = new JsonSerializerOptions(WireJson.Default.Options);
        options.Converters.Insert(0, Converter);
        return options;
    }
}
