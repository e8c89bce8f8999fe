using System.Text;
using Convoy.Core.Languages;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Convoy.Architecture.Tests.Languages;

/// <summary>A template of src, and where it stands.</summary>
internal sealed record Message(string Template, string Place)
{
    /// <summary>Of holes and punctuation alone there is nothing to translate.</summary>
    public bool HasWords => Holes.None(Template).Any(char.IsLetter);
}

/// <summary>All that src says to people.</summary>
internal sealed class Messages
{
    private static readonly Lazy<Messages> All = new(() => new Messages());
    private readonly Lock noting = new();
    private readonly List<Message> found = [];
    private readonly List<string> untold = [];
    private readonly HashSet<string> strings = [];

    private Messages()
    {
        Parallel.ForEach(Sources.Models, model =>
        {
            // The compiler works side by side, and what it finds is noted one by one.
            var expressions = model.SyntaxTree.GetRoot().DescendantNodes().OfType<ExpressionSyntax>().ToArray();
            foreach (var expression in expressions) model.GetTypeInfo(expression);
            lock (noting)
            {
                foreach (var expression in expressions) Look(model, expression);
            }
        });
    }

    public static Messages OfSources => All.Value;

    public IReadOnlyList<Message> Found => found;

    /// <summary>Templates of all strings, those that are no texts included.</summary>
    public IReadOnlySet<string> Strings => strings;

    /// <summary>What becomes a text as it runs, and so has no template; and words inside a hole that are no text.</summary>
    public IReadOnlyList<string> Untold => untold;

    private void Look(SemanticModel model, ExpressionSyntax expression)
    {
        if (expression is InterpolatedStringExpressionSyntax any) strings.Add(TemplateOf(any));
        else if (expression is LiteralExpressionSyntax { Token.Value: string literal }) strings.Add(Holes.Escaped(literal));
        if (expression is CastExpressionSyntax cast && IsText(model.GetTypeInfo(cast).Type))
        {
            Tell(model, cast.Expression);
        }
        else if (expression.Parent is not CastExpressionSyntax && model.GetTypeInfo(expression) is { Type: { } type, ConvertedType: { } converted } && IsText(converted) && !IsText(type))
        {
            Tell(model, expression);
        }

        if (expression is InvocationExpressionSyntax call) LookForNouns(model, call);
    }

    private void Tell(SemanticModel model, ExpressionSyntax expression)
    {
        if (expression is ParenthesizedExpressionSyntax { Expression: var inner })
        {
            Tell(model, inner);
        }
        else if (expression is InterpolatedStringExpressionSyntax interpolated)
        {
            found.Add(new Message(TemplateOf(interpolated), Sources.PlaceOf(expression)));
            foreach (var hole in interpolated.Contents.OfType<InterpolationSyntax>()) LookForWords(model, hole.Expression);
        }
        else if (model.GetConstantValue(expression) is { HasValue: true, Value: var constant })
        {
            if (constant is string words) found.Add(new Message(Holes.Escaped(words), Sources.PlaceOf(expression)));
        }
        else if (expression is SwitchExpressionSyntax cases && cases.Arms.Any(arm => arm.Expression is not ThrowExpressionSyntax && !IsText(model.GetTypeInfo(arm.Expression).ConvertedType)))
        {
            untold.Add($"{Sources.PlaceOf(expression)}: a switch is a string before it is a text; write (Text) before its first arm");
        }
        else if (!IsText(model.GetTypeInfo(expression).Type) && expression is not (SwitchExpressionSyntax or ConditionalExpressionSyntax or ThrowExpressionSyntax) && !expression.IsKind(SyntaxKind.DefaultLiteralExpression))
        {
            untold.Add($"{Sources.PlaceOf(expression)}: {expression} is no constant; say what its template is, or that it is verbatim");
        }
        else if (expression is ConditionalExpressionSyntax)
        {
            untold.Add($"{Sources.PlaceOf(expression)}: {expression} is a string before it is a text; write (Text) before its first branch");
        }
    }

    /// <summary>The words of a branch are a string where nothing says otherwise, and would stay English.</summary>
    private void LookForWords(SemanticModel model, ExpressionSyntax hole)
    {
        IEnumerable<ExpressionSyntax> branches = hole switch
        {
            ParenthesizedExpressionSyntax inner => [inner.Expression],
            ConditionalExpressionSyntax either => [either.WhenTrue, either.WhenFalse],
            SwitchExpressionSyntax cases => cases.Arms.Select(arm => arm.Expression),
            BinaryExpressionSyntax { RawKind: (int)SyntaxKind.CoalesceExpression } either => [either.Left, either.Right],
            BinaryExpressionSyntax { RawKind: (int)SyntaxKind.AddExpression } sum => [sum.Left, sum.Right],
            _ => [],
        };
        foreach (var branch in branches) LookForWords(model, branch);
        var isWords = hole is InterpolatedStringExpressionSyntax || hole.IsKind(SyntaxKind.StringLiteralExpression);
        if (isWords && !IsText(model.GetTypeInfo(hole).ConvertedType) && Holes.WithoutCodes(Holes.None(hole.ToString())).Any(char.IsLetter)) untold.Add($"{Sources.PlaceOf(hole)}: {hole} would stay English; make it a Text");
    }

    private void LookForNouns(SemanticModel model, InvocationExpressionSyntax call)
    {
        if (model.GetSymbolInfo(call).Symbol is not IMethodSymbol method) return;
        foreach (var (parameter, argument) in method.Parameters.Zip(call.ArgumentList.Arguments))
        {
            if (!IsNoun(parameter)) continue;
            if (model.GetConstantValue(argument.Expression) is { HasValue: true, Value: string noun }) found.Add(new Message($"{{0}} {noun}", Sources.PlaceOf(argument)));
            else if (model.GetSymbolInfo(argument.Expression).Symbol is not IParameterSymbol handedOn || !IsNoun(handedOn)) untold.Add($"{Sources.PlaceOf(argument)}: {argument} is no constant");
        }
    }

    private static bool IsNoun(IParameterSymbol parameter) => parameter.GetAttributes().Any(attribute => attribute.AttributeClass?.Name == nameof(NounAttribute));

    private static bool IsText(ITypeSymbol? type) => type is { Name: nameof(Text), ContainingNamespace.Name: "Languages" };

    private static string TemplateOf(InterpolatedStringExpressionSyntax interpolated)
    {
        var template = new StringBuilder();
        var holes = 0;
        foreach (var part in interpolated.Contents)
        {
            if (part is InterpolatedStringTextSyntax words) template.Append(Holes.Escaped(Holes.Unescaped(words.TextToken.ValueText, interpolated)));
            else template.Append('{').Append(holes++).Append('}');
        }

        return template.ToString();
    }
}
