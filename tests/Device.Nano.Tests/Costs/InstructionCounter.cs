using System.Reflection;
using System.Runtime.Loader;
using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;

namespace Flint.Device.Nano.Tests.Costs;

/// <summary>
/// Runs code of this assembly against a copy of the library in which each basic block adds its length to a counter, so that what is counted is
/// every IL instruction that the device's interpreter would execute of it, and each object and array that it makes, in the layout of the device's heap: 12
/// bytes a header, 12 a field or element of a reference array, n + 20 for n bytes of values. What the platform does, natively on the device, and objects of its
/// classes are in neither.
/// </summary>
internal sealed class InstructionCounter : AssemblyLoadContext
{
    private static readonly Lazy<byte[]> Instrumented = new(Instrument);
    private readonly Assembly _tests;
    private readonly FieldInfo _count;
    private readonly FieldInfo _objects;
    private readonly FieldInfo _bytes;

    public InstructionCounter()
        : base(nameof(InstructionCounter), isCollectible: true)
    {
        Assembly library = LoadFromStream(new MemoryStream(Instrumented.Value));
        _count = library.GetType(CounterType)!.GetField(CounterField)!;
        _objects = library.GetType(CounterType)!.GetField(ObjectsField)!;
        _bytes = library.GetType(CounterType)!.GetField(BytesField)!;
        _tests = LoadFromAssemblyPath(typeof(InstructionCounter).Assembly.Location);
    }

    /// <summary>Calls a static method of this assembly that returns a delegate-free object, in its copy beside the counting library.</summary>
    public object Start(Type type) => Activator.CreateInstance(_tests.GetType(type.FullName!)!, nonPublic: true)!;

    /// <summary>How many instructions of the library a method of such an object executes.</summary>
    public long Count(object target, string method, params object[] arguments)
    {
        MethodInfo found = target.GetType().GetMethod(method, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)!;
        long before = (long)_count.GetValue(null)!;
        found.Invoke(target, arguments);
        return (long)_count.GetValue(null)! - before;
    }

    /// <summary>How many objects a method of such an object makes in the library, and the bytes that they take on the device's heap.</summary>
    public (long Objects, long Bytes) Allocate(object target, string method, params object[] arguments)
    {
        (long objects, long bytes) = ((long)_objects.GetValue(null)!, (long)_bytes.GetValue(null)!);
        Count(target, method, arguments);
        return ((long)_objects.GetValue(null)! - objects, (long)_bytes.GetValue(null)! - bytes);
    }

    protected override Assembly? Load(AssemblyName assemblyName) =>
        assemblyName.Name == LibraryName ? Assemblies.First(assembly => assembly.GetName().Name == LibraryName) : null;

    private static byte[] Instrument()
    {
        using AssemblyDefinition library = AssemblyDefinition.ReadAssembly(Path.Combine(AppContext.BaseDirectory, LibraryName + ".dll"));
        ModuleDefinition module = library.MainModule;
        var counter = new TypeDefinition("", CounterType, Mono.Cecil.TypeAttributes.Public | Mono.Cecil.TypeAttributes.Abstract | Mono.Cecil.TypeAttributes.Sealed, module.TypeSystem.Object);
        var count = new FieldDefinition(CounterField, Mono.Cecil.FieldAttributes.Public | Mono.Cecil.FieldAttributes.Static, module.TypeSystem.Int64);
        counter.Fields.Add(count);
        MethodDefinition note = Note(module, counter);
        foreach (MethodDefinition method in module.GetTypes().SelectMany(type => type.Methods).Where(method => method.HasBody).ToList())
        {
            Instrument(method.Body, count, note);
        }

        module.Types.Add(counter);
        using var stream = new MemoryStream();
        library.Write(stream);
        return stream.ToArray();
    }

    /// <summary><c>void Note(long bytes)</c>: one object more, and its bytes.</summary>
    private static MethodDefinition Note(ModuleDefinition module, TypeDefinition counter)
    {
        var note = new MethodDefinition("Note", Mono.Cecil.MethodAttributes.Public | Mono.Cecil.MethodAttributes.Static, module.TypeSystem.Void);
        note.Parameters.Add(new ParameterDefinition(module.TypeSystem.Int64));
        ILProcessor il = note.Body.GetILProcessor();
        foreach ((string name, Instruction more) in new[] { (ObjectsField, Instruction.Create(OpCodes.Ldc_I8, 1L)), (BytesField, Instruction.Create(OpCodes.Ldarg_0)) })
        {
            var field = new FieldDefinition(name, Mono.Cecil.FieldAttributes.Public | Mono.Cecil.FieldAttributes.Static, module.TypeSystem.Int64);
            counter.Fields.Add(field);
            il.Emit(OpCodes.Ldsfld, field);
            il.Append(more);
            il.Emit(OpCodes.Add);
            il.Emit(OpCodes.Stsfld, field);
        }

        il.Emit(OpCodes.Ret);
        counter.Methods.Add(note);
        return note;
    }

    private static void Instrument(Mono.Cecil.Cil.MethodBody body, FieldDefinition count, MethodDefinition note)
    {
        body.SimplifyMacros();
        List<Instruction> made = [.. body.Instructions.Where(one => one.OpCode == OpCodes.Newarr || IsObject(one, body.Method.Module))];
        HashSet<Instruction> leaders = [body.Instructions[0]];
        foreach (Instruction instruction in body.Instructions)
        {
            switch (instruction.Operand)
            {
                case Instruction target:
                    leaders.Add(target);
                    break;
                case Instruction[] targets:
                    leaders.UnionWith(targets);
                    break;
                default:
                    break;
            }

            if (instruction.OpCode.FlowControl is FlowControl.Branch or FlowControl.Cond_Branch && instruction.Next is { } next)
            {
                leaders.Add(next);
            }
        }

        foreach (ExceptionHandler handler in body.ExceptionHandlers)
        {
            leaders.Add(handler.HandlerStart);
        }

        // A block's count goes in front of it, and into the place of its first instruction, so that jumps to the block pass by.
        ILProcessor processor = body.GetILProcessor();
        foreach (Instruction leader in leaders.ToList())
        {
            long length = 1;
            for (Instruction? one = leader.Next; one is not null && !leaders.Contains(one); one = one.Next)
            {
                length++;
            }

            Instruction first = Instruction.Create(OpCodes.Nop);
            first.OpCode = leader.OpCode;
            first.Operand = leader.Operand;
            processor.InsertAfter(leader, first);
            if (made.Remove(leader))
            {
                made.Add(first);
            }

            leader.OpCode = OpCodes.Ldsfld;
            leader.Operand = count;
            Instruction add = Instruction.Create(OpCodes.Ldc_I8, length);
            processor.InsertAfter(leader, add);
            processor.InsertAfter(add, Instruction.Create(OpCodes.Add));
            processor.InsertAfter(add.Next, Instruction.Create(OpCodes.Stsfld, count));
        }

        foreach (Instruction one in made)
        {
            Instruction[] after = one.OpCode == OpCodes.Newarr
                ?
                [
                    Instruction.Create(OpCodes.Dup), Instruction.Create(OpCodes.Ldlen), Instruction.Create(OpCodes.Conv_I8),
                    Instruction.Create(OpCodes.Ldc_I8, ElementSize((TypeReference)one.Operand)), Instruction.Create(OpCodes.Mul),
                    Instruction.Create(OpCodes.Ldc_I8, 20L), Instruction.Create(OpCodes.Add), Instruction.Create(OpCodes.Call, note),
                ]
                : [Instruction.Create(OpCodes.Ldc_I8, ObjectSize(((MethodDefinition)one.Operand).DeclaringType)), Instruction.Create(OpCodes.Call, note)];
            Instruction last = one;
            foreach (Instruction next in after)
            {
                processor.InsertAfter(last, next);
                last = next;
            }
        }

        body.OptimizeMacros();
    }

    private static bool IsObject(Instruction one, ModuleDefinition library) =>
        one.OpCode == OpCodes.Newobj && one.Operand is MethodDefinition { DeclaringType.IsValueType: false } constructor && constructor.Module == library;

    private static long ObjectSize(TypeDefinition type)
    {
        long fields = 0;
        for (TypeDefinition? one = type; one is not null; one = one.BaseType as TypeDefinition)
        {
            fields += one.Fields.Count(field => !field.IsStatic);
        }

        return 12 + (12 * fields);
    }

    private static long ElementSize(TypeReference element) => element.MetadataType switch
    {
        MetadataType.Byte or MetadataType.Boolean or MetadataType.SByte => 1,
        MetadataType.Char or MetadataType.Int16 or MetadataType.UInt16 => 2,
        MetadataType.Int32 or MetadataType.UInt32 => 4,
        MetadataType.Int64 or MetadataType.UInt64 => 8,
        _ => 12,
    };

    private const string LibraryName = "Flint.Device.Nano";
    private const string CounterType = "CountedInstructions";
    private const string CounterField = "Count";
    private const string ObjectsField = "Objects";
    private const string BytesField = "Bytes";
}
