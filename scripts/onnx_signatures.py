"""What every operator of the standard takes, for src/onnx/file/signatures.generated.ts: its most inputs and its attributes, of all versions.
python onnx_signatures.py > signatures; onnx==1.23.2"""
import onnx.defs

found = {}
for schema in onnx.defs.get_all_schemas_with_history():
    if schema.domain not in ('', 'ai.onnx.ml'):
        continue
    key = (schema.domain, schema.name)
    most, names = found.get(key, (0, set()))
    variadic = any(i.option == onnx.defs.OpSchema.FormalParameterOption.Variadic for i in schema.inputs)
    most = max(most, -1 if variadic else len(schema.inputs)) if not variadic and most >= 0 else -1
    found[key] = (most, names | set(schema.attributes))

print('/** Made by scripts/onnx_signatures.py of onnx 1.23.2: `operator inputs attributes`, an operator a line; -1 inputs are any number. */')
for domain, constant in (('', 'standard'), ('ai.onnx.ml', 'learning')):
    print(f'export const {constant} = `')
    for (d, name), (most, names) in sorted(found.items()):
        if d == domain:
            print(' '.join([name, str(most), *sorted(names)]))
    print('`;')
