using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Convoy.Architecture.Tests.Languages;

/// <summary>The sources of src as the compiler understands them.</summary>
internal static class Sources
{
    private static readonly string[] Usual = ["System", "System.IO", "System.Linq", "System.Collections.Generic", "System.Net.Http", "System.Threading", "System.Threading.Tasks"];

    private static readonly string[] Web =
    [
        "System.Net.Http.Json", "Microsoft.AspNetCore.Builder", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Http", "Microsoft.AspNetCore.Routing", "Microsoft.Extensions.Configuration",
        "Microsoft.Extensions.DependencyInjection", "Microsoft.Extensions.Hosting", "Microsoft.Extensions.Logging",
    ];

    /// <summary>This program runs with all that src is compiled against.</summary>
    private static readonly ImmutableArray<(string Name, MetadataReference Reference)> References =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(':').Select(path => (Path.GetFileNameWithoutExtension(path), (MetadataReference)MetadataReference.CreateFromFile(path)))];

    /// <summary>Made when first asked for: threads that help to make it wait for this class to be there.</summary>
    private static readonly Lazy<IReadOnlyList<SemanticModel>> All = new(() => [.. new[] { "Core", "Client", "Store", "Objects", "Clusters", "Agent", "Server", "Task", "Node", "Cli" }.AsParallel().SelectMany(ModelsOf)]);

    /// <summary>One for each file of a project that may say something to people.</summary>
    public static IReadOnlyList<SemanticModel> Models => All.Value;

    public static string PlaceOf(SyntaxNode node) => $"{node.SyntaxTree.FilePath}:{node.GetLocation().GetLineSpan().StartLinePosition.Line + 1}";

    private static IEnumerable<SemanticModel> ModelsOf(string name)
    {
        var project = $"src/Convoy.{name}/Convoy.{name}.csproj";
        var file = Checkout.Project(project);
        var assembly = file.Descendants("AssemblyName").FirstOrDefault()?.Value ?? $"Convoy.{name}";
        var usings = (file.Root!.Attribute("Sdk")!.Value == "Microsoft.NET.Sdk.Web" ? Usual.Concat(Web) : Usual).Select(space => $"global using {space};")
            .Concat(file.Descendants("Using").Select(use => use.Attribute("Alias") is { } alias ? $"global using {alias.Value} = {use.Attribute("Include")!.Value};" : $"global using {use.Attribute("Include")!.Value};"));
        var parse = new CSharpParseOptions(LanguageVersion.Latest);
        var trees = Checkout.Files($"src/Convoy.{name}", ".cs").Select(path => CSharpSyntaxTree.ParseText(Checkout.Read(path), parse, path))
            .Append(CSharpSyntaxTree.ParseText(string.Join('\n', usings), parse, "usings"));
        var options = new CSharpCompilationOptions(OutputKind.ConsoleApplication, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable);
        var compilation = CSharpCompilation.Create(assembly, trees, References.Where(reference => reference.Name != assembly).Select(reference => reference.Reference), options);
        return compilation.SyntaxTrees.Select(tree => compilation.GetSemanticModel(tree));
    }
}
