"""The SQL that lists what a PostgreSQL database holds: rows, sequences, and all other objects.

Each statement returns one line of JSON. It is for PostgreSQL 14 and newer. What PostgreSQL itself
or an extension brings is left out, because a restore creates it anew.
"""

from __future__ import annotations

# The text of a row depends on these, and a restored database may have lost its own.
_SESSION = (
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; "
    "SET bytea_output = 'hex'; SET extra_float_digits = 1; SET search_path = pg_catalog; "
)
_OWN_SCHEMA = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"

TABLES = f"""{_SESSION}
SELECT coalesce(json_agg(json_build_array(
    format('%I.%I', n.nspname, c.relname), c.relkind <> 'm' AND NOT c.relispartition
  ) ORDER BY n.nspname, c.relname), '[]')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm') AND {_OWN_SCHEMA} AND NOT EXISTS (
  SELECT FROM pg_depend e
  WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')"""  # noqa: S608
"""The name of each table as SQL quotes it, and whether it is a table that should have rows."""

SEQUENCES = f"""{_SESSION}
SELECT coalesce(json_agg(json_build_array(
    format('%I.%I', schemaname, sequencename),
    CASE WHEN last_value IS NULL THEN start_value ELSE last_value + increment_by END,
    increment_by) ORDER BY schemaname, sequencename), '[]')
FROM pg_sequences"""  # noqa: S608
"""The name of each sequence, the value that it gives next, and its step."""

# Each of the following returns the kind of a thing, its name, and what it is defined as. Whatever
# the database has can be seen in pg_depend, so no kind of object is forgotten.
_OBJECTS = """
SELECT o.type, o.identity, CASE d.classid
  WHEN 'pg_class'::regclass THEN (
    SELECT concat_ws(' ', CASE c.relpersistence WHEN 'u' THEN 'unlogged' END, c.reloptions,
      CASE WHEN c.relrowsecurity THEN 'row security' END,
      CASE WHEN c.relforcerowsecurity THEN 'forced' END,
      pg_get_expr(c.relpartbound, c.oid),
      CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid)
           WHEN c.relkind IN ('i', 'I') THEN pg_get_indexdef(c.oid) END)
    FROM pg_class c WHERE c.oid = d.objid)
  WHEN 'pg_constraint'::regclass THEN pg_get_constraintdef(d.objid)
  WHEN 'pg_proc'::regclass THEN (
    SELECT CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) ELSE '' END
    FROM pg_proc p WHERE p.oid = d.objid)
  WHEN 'pg_trigger'::regclass THEN (
    SELECT concat(t.tgenabled, ' ', pg_get_triggerdef(t.oid))
    FROM pg_trigger t WHERE t.oid = d.objid)
  WHEN 'pg_attrdef'::regclass THEN (
    SELECT pg_get_expr(a.adbin, a.adrelid) FROM pg_attrdef a WHERE a.oid = d.objid)
  WHEN 'pg_policy'::regclass THEN (
    SELECT concat_ws(' ', p.polcmd, p.polpermissive, pg_get_expr(p.polqual, p.polrelid),
      pg_get_expr(p.polwithcheck, p.polrelid)) FROM pg_policy p WHERE p.oid = d.objid)
  WHEN 'pg_statistic_ext'::regclass THEN pg_get_statisticsobjdef(d.objid)
  WHEN 'pg_type'::regclass THEN (
    SELECT concat_ws(' ',
      CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END,
      (SELECT string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder)
       FROM pg_enum e WHERE e.enumtypid = t.oid)) FROM pg_type t WHERE t.oid = d.objid)
  ELSE '' END
FROM (
  SELECT classid, objid FROM pg_depend UNION SELECT refclassid, refobjid FROM pg_depend
  UNION SELECT s.classid, s.objid FROM pg_shdepend s JOIN pg_database b ON b.oid = s.dbid
    WHERE b.datname = current_database()
) d CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) o
WHERE d.objid >= 16384 AND o.type NOT IN ('role', 'schema', 'default acl')
  AND o.identity !~ 'pg_toast'
  AND NOT EXISTS (SELECT FROM pg_trigger t
    WHERE d.classid = 'pg_trigger'::regclass AND t.oid = d.objid AND t.tgisinternal)
  AND NOT EXISTS (SELECT FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE d.classid = 'pg_type'::regclass AND t.oid = d.objid
      AND (t.typcategory = 'A' OR c.relkind <> 'c'))
  AND NOT EXISTS (SELECT FROM pg_depend e
    WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e')
  AND NOT EXISTS (SELECT FROM pg_depend a JOIN pg_depend e
      ON e.classid = a.refclassid AND e.objid = a.refobjid AND e.deptype = 'e'
    WHERE a.classid = d.classid AND a.objid = d.objid AND a.deptype IN ('a', 'i'))"""

_LARGE_OBJECTS = """
SELECT 'large object', m.oid::text, (
  SELECT concat(count(*), ' pages ',
    sum(hashtextextended(concat(pageno, encode(data, 'hex')), 0)))
  FROM pg_largeobject l WHERE l.loid = m.oid)
FROM pg_largeobject_metadata m"""

_SCHEMAS = f"""
SELECT 'schema', n.nspname::text, ''
FROM pg_namespace n WHERE {_OWN_SCHEMA}"""  # noqa: S608

_OWNERS = f"""
SELECT 'owner', t.name, pg_get_userbyid(t.owner)::text
FROM (
  SELECT 'pg_class'::regclass AS classid, c.oid AS objid,
    format('%I.%I', n.nspname, c.relname) AS name, c.relowner AS owner
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND {_OWN_SCHEMA}
  UNION ALL
  SELECT 'pg_proc'::regclass, p.oid, p.oid::regprocedure::text, p.proowner
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {_OWN_SCHEMA}
  UNION ALL
  SELECT 'pg_type'::regclass, t.oid, t.oid::regtype::text, t.typowner
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
  WHERE t.typtype IN ('d', 'e') AND {_OWN_SCHEMA}
  UNION ALL
  SELECT 'pg_namespace'::regclass, n.oid, format('schema %I', n.nspname), n.nspowner
  FROM pg_namespace n WHERE {_OWN_SCHEMA}
) t WHERE NOT EXISTS (SELECT FROM pg_depend e
  WHERE e.classid = t.classid AND e.objid = t.objid AND e.deptype = 'e')"""  # noqa: S608

_COLUMNS = f"""
SELECT 'column', format('%I.%I.%I', n.nspname, c.relname, a.attname),
  concat_ws(' ', format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'not null' END,
    nullif(concat(a.attidentity, a.attgenerated), ''),
    nullif(a.attcollation::regcollation::text, '-'))
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n
  ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND a.attnum > 0 AND NOT a.attisdropped
  AND {_OWN_SCHEMA} AND NOT EXISTS (SELECT FROM pg_depend e
    WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')"""  # noqa: S608

_COMMENTS = """
SELECT 'comment', o.identity, d.description
FROM pg_description d CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) o
WHERE d.objoid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend e
  WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e')
  AND o.type <> 'extension'"""

# Without an explicit list, PostgreSQL's default applies. What an owner may do goes without saying.
_GRANTS = f"""
SELECT 'grant', format('%s on %s to %s', g.privilege_type, t.name,
    CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(g.grantee) END),
  CASE WHEN g.is_grantable THEN 'with grant option' ELSE '' END
FROM (
  SELECT 'pg_class'::regclass AS classid, c.oid AS objid,
    format('%I.%I', n.nspname, c.relname) AS name, c.relowner AS owner,
    coalesce(c.relacl,
      acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)) AS acl
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND {_OWN_SCHEMA}
  UNION ALL
  SELECT 'pg_class'::regclass, c.oid, format('%I.%I.%I', n.nspname, c.relname, a.attname),
    c.relowner, a.attacl
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n
    ON n.oid = c.relnamespace
  WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND {_OWN_SCHEMA}
  UNION ALL
  SELECT 'pg_proc'::regclass, p.oid, p.oid::regprocedure::text, p.proowner,
    coalesce(p.proacl, acldefault('f', p.proowner))
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {_OWN_SCHEMA}
  UNION ALL
  SELECT 'pg_type'::regclass, t.oid, t.oid::regtype::text, t.typowner,
    coalesce(t.typacl, acldefault('T', t.typowner))
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
  WHERE t.typtype IN ('d', 'e') AND {_OWN_SCHEMA}
  UNION ALL
  SELECT 'pg_namespace'::regclass, n.oid, format('schema %I', n.nspname), n.nspowner,
    coalesce(n.nspacl, acldefault('n', n.nspowner)) FROM pg_namespace n WHERE {_OWN_SCHEMA}
  UNION ALL
  SELECT 'pg_database'::regclass, b.oid, 'the database', b.datdba,
    coalesce(b.datacl, acldefault('d', b.datdba))
  FROM pg_database b WHERE b.datname = current_database()
) t CROSS JOIN LATERAL aclexplode(t.acl) g WHERE g.grantee <> t.owner
  AND NOT EXISTS (SELECT FROM pg_depend e
    WHERE e.classid = t.classid AND e.objid = t.objid AND e.deptype = 'e')
UNION ALL
SELECT 'default grant', format('%s on new %s of %s in %s to %s', g.privilege_type,
    d.defaclobjtype, pg_get_userbyid(d.defaclrole), coalesce(n.nspname, 'every schema'),
    CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(g.grantee) END), ''
FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
  CROSS JOIN LATERAL aclexplode(d.defaclacl) g"""  # noqa: S608

_DATABASE = """
SELECT 'property', 'the database', concat_ws(' ', 'owner', pg_get_userbyid(b.datdba),
  pg_encoding_to_char(b.encoding), b.datcollate, b.datctype, b.datconnlimit, b.datallowconn)
FROM pg_database b WHERE b.datname = current_database()
UNION ALL
SELECT 'setting', concat_ws(' ', split_part(c, '=', 1), 'of', CASE WHEN s.setrole = 0
    THEN 'every role' ELSE 'the role ' || pg_get_userbyid(s.setrole) END,
    CASE WHEN s.setdatabase <> 0 THEN 'in the database' END), split_part(c, '=', 2)
FROM pg_db_role_setting s LEFT JOIN pg_database b ON b.oid = s.setdatabase
  CROSS JOIN LATERAL unnest(s.setconfig) c
WHERE s.setdatabase = 0 OR b.datname = current_database()"""

_ROLES = """
SELECT 'role', r.rolname::text, concat_ws(' ', CASE WHEN r.rolsuper THEN 'superuser' END,
  CASE WHEN r.rolinherit THEN 'inherit' END, CASE WHEN r.rolcreaterole THEN 'createrole' END,
  CASE WHEN r.rolcreatedb THEN 'createdb' END, CASE WHEN r.rolcanlogin THEN 'login' END,
  CASE WHEN r.rolreplication THEN 'replication' END, CASE WHEN r.rolbypassrls THEN 'bypassrls' END,
  r.rolconnlimit, r.rolvaliduntil, CASE WHEN r.rolpassword IS NOT NULL THEN 'password' END)
FROM pg_authid r WHERE r.rolname !~ '^pg_'
UNION ALL
SELECT 'membership', format('%s in %s', pg_get_userbyid(m.member), pg_get_userbyid(m.roleid)),
  CASE WHEN bool_or(m.admin_option) THEN 'with admin option' ELSE '' END
FROM pg_auth_members m WHERE pg_get_userbyid(m.member) !~ '^pg_' GROUP BY m.member, m.roleid"""

_ALL = (
    *(_OBJECTS, _LARGE_OBJECTS, _SCHEMAS, _OWNERS, _COLUMNS, _COMMENTS),
    *(_GRANTS, _DATABASE, _ROLES),
)
ENTRIES = f"""{_SESSION}
SELECT json_agg(json_build_array(kind, name, definition) ORDER BY kind, name, definition) FROM (
{" UNION ALL ".join(_ALL)}) AS found (kind, name, definition)"""  # noqa: S608
"""Everything else: the kind of each thing, its name, and its definition."""


def content_of(tables: tuple[str, ...]) -> str:
    """Return the SQL for the number of rows and a checksum of each table, in this order.

    The names are as SQL quotes them. The checksum does not depend on the order of the rows.
    """
    parts = (
        f"SELECT {at} AS at, count(*) AS rows, coalesce(sum(hashtextextended(t::text, 0)), 0)::text"  # noqa: S608 - quoted by the server
        f" AS checksum FROM {name} t"
        for at, name in enumerate(tables)
    )
    return (
        f"{_SESSION}SELECT json_agg(json_build_array(rows, checksum) ORDER BY at) FROM "  # noqa: S608
        f"({' UNION ALL '.join(parts)}) AS found"
    )
