using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;

namespace Flint.Device.Nano.Tests.Conformance;

/// <summary>Walks the instructions of a method body: the opcode of each, and its metadata token where it has one.</summary>
internal static class IlInstructions
{
    private static readonly Dictionary<ushort, OpCode> OpCodes = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => unchecked((ushort)code.Value));

    public static IEnumerable<Instruction> Read(byte[] il)
    {
        int at = 0;
        while (at < il.Length)
        {
            int value = il[at++];
            if (value == 0xFE)
            {
                value = (value << 8) | il[at++];
            }

            OpCode code = OpCodes[(ushort)value];
            int token = HasToken(code.OperandType) ? BitConverter.ToInt32(il, at) : 0;
            at += OperandLength(code.OperandType, il, at);
            yield return new Instruction(code, token);
        }
    }

    private static bool HasToken(OperandType type) =>
        type is OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok or OperandType.InlineSig
            or OperandType.InlineString;

    private static int OperandLength(OperandType type, byte[] il, int at) => type switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(il, at)),
        _ => 4,
    };

    /// <param name="Code">The opcode, prefixes being opcodes of their own.</param>
    /// <param name="Token">The token of a type, member, signature or string, or 0.</param>
    public readonly record struct Instruction(OpCode Code, int Token)
    {
        public EntityHandle Handle => (EntityHandle)System.Reflection.Metadata.Ecma335.MetadataTokens.Handle(Token);
    }
}
