using Convoy.Core.Languages;
using Microsoft.OpenApi;

namespace Convoy.Server.Api;

/// <summary>What the OpenAPI document says beyond what the endpoints' types tell.</summary>
public static class ApiDocument
{
    private const string Scheme = "token";

    public static IServiceCollection AddApiDocument(this IServiceCollection services) => services.AddOpenApi("v1", document => document.AddSchemaTransformer(TextsAreStrings).AddDocumentTransformer((api, _, _) =>
    {
        api.Info = new OpenApiInfo
        {
            Title = "Convoy",
            Version = "v1",
            Description = "Lists are bounded and go on from `next`. What says no is a problem (RFC 9457) with a stable `code`. Every answer bears `X-Request-Id`.",
        };
        api.Components ??= new OpenApiComponents();
        api.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        api.Components.SecuritySchemes[Scheme] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "A token of `convoy token create`" };
        api.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, api)] = [] }];
        return Task.CompletedTask;
    }));

    /// <summary>In the language asked for.</summary>
    private static Task TextsAreStrings(OpenApiSchema schema, Microsoft.AspNetCore.OpenApi.OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.JsonTypeInfo.Type == typeof(Text)) schema.Type = JsonSchemaType.String;
        return Task.CompletedTask;
    }

    /// <summary>Query parameters, read by hand so that a wrong one gets a problem that names it.</summary>
    public static RouteHandlerBuilder Takes(this RouteHandlerBuilder endpoint, params (string Name, string What)[] parameters) => endpoint.AddOpenApiOperationTransformer((operation, _, _) =>
    {
        operation.Parameters ??= [];
        foreach (var (name, what) in parameters)
        {
            operation.Parameters.Add(new OpenApiParameter { Name = name, In = ParameterLocation.Query, Description = what, Schema = new OpenApiSchema { Type = JsonSchemaType.String } });
        }

        return Task.CompletedTask;
    });

    /// <summary>A list that goes on.</summary>
    /// <param name="key"><c>after</c> or <c>before</c>.</param>
    public static RouteHandlerBuilder TakesPaging(this RouteHandlerBuilder endpoint, string key) =>
        endpoint.Takes(("limit", "1 to 1000 items; 100 where it is left out"), (key, "what `next` of the page before said"));
}
