package main

// frenchHelp is the help of each subcommand in French, and the heading of the configuration's.
var frenchHelp = map[string]string{
	"config": "Réglages de « canot serve », par l’environnement. Une variable CANOT_… inconnue ou\nillisible est refusée par son nom.\n",
	"serve": `canot serve
  Le serveur, réglé par l’environnement (canot help config). Il met le schéma à jour,
  sauf avec CANOT_MIGRATE=false, et s’arrête en douceur sur SIGTERM.`,
	"demo": `canot demo [--addr HÔTE:PORT] [--data DOSSIER | --database ADRESSE] [--scale N]
           [--seed N] [--empty] [--members N] [--no-limits] [--json]
  Un réseau complet sur la base embarquée : seize villes, leurs ressources, dix semaines de
  réservations. Un dossier ou une base qui en contient déjà un est repris tel quel.
  --addr       où écouter (127.0.0.1:8080; un autre port s’il est pris)
  --data       où garder les données (sinon un dossier temporaire, effacé à l’arrêt)
  --database   un PostgreSQL plutôt que la base embarquée
  --scale      N fois les données
  --seed       un autre tirage
  --empty      aucun hub : seulement un compte d’administration
  --members    N jetons de plus, pour des membres ordinaires (avec --json)
  --no-limits  sans frein au nombre de demandes
  --json       une ligne pour les scripts quand tout est prêt`,
	"migrate": `canot migrate up|status [--database ADRESSE] [--json]
  Met le schéma à jour, ou dit où il en est.`,
	"import": `canot import [hubs|resources|units|components|members|bookings] FICHIER… [--dry-run] [--quiet] [--json]
             [--database ADRESSE]
  Met les lignes de fichiers dans le réseau. La sorte se voit à l’en-tête. Chaque ligne refusée
  dit pourquoi et les autres passent; le code de sortie est alors 1. Un fichier déjà importé ne
  change rien. « - » lit l’entrée standard.
  --dry-run fait tout sur une copie temporaire et n’écrit rien dans le réseau : même rapport.
  CSV avec virgules ou points-virgules, en UTF-8. Pour les membres et les réservations, aussi en
  Windows-1252, ou une liste JSON. Un classeur s’enregistre d’abord en CSV.
  members   name, email, language, hub, phone, birth_date, clientele, tier, membership_from,
            membership_until, organisation, sector. Seul name est nécessaire. Les forfaits
            doivent déjà être dans le réseau. La fiche de qui est déjà inscrit ne change pas;
            le rapport dit ce qui diffère.
  bookings  reference, hub, resource (adresse courte ou nom), quantity, member (courriel, ou nom
            dans le hub), organisation, starts_at, ends_at, title, notes, status, sector,
            visibility, attendance, created_at. Une heure s’écrit 2026-11-22 14:00, à l’heure du
            hub, ou avec son décalage. Passées et à venir : rien ne se réserve deux fois.
            Ce qui est fini n’est pas jugé par les règles d’aujourd’hui; in_use devient
            confirmed, et les options ne sont pas importées.
  hub est une adresse courte, un nom ou une ville. Une date s’écrit aussi 26/11/2026, une heure
  14 h 30; langues et clientèles s’écrivent aussi en toutes lettres.
  Colonnes en français : nom, courriel, langue, téléphone, date de naissance, clientèle, forfait,
  adhésion du, adhésion au, organisme, secteur, référence, ressource, quantité, membre, début,
  fin, titre, statut, personnes, visibilité.`,
	"export": `canot export hubs|resources|units|components|members|bookings [--format csv|json] [--out FICHIER] [--force]
             [--database ADRESSE]
  Sort les lignes d’une sorte; le CSV se réimporte. Dans un autre réseau : d’abord hubs, ressources
  et exemplaires, puis forfaits et habilitations (sans fichier : canot call), membres,
  réservations. Les habilitations données, les blocs d’heures et les adhésions hors du hub de la
  personne ne sont dans aucun fichier, ni les réservations de qui n’a ni adresse ni nom unique
  dans le hub : seul canot backup prend tout. Membres et réservations contiennent des données
  personnelles.`,
	"user": `canot user create --name NOM [--email ADRESSE] [--unverified] [--language fr|en] [--hub HUB]
                  [--phone NUMÉRO] [--birth-date DATE] [--clientele NOM]
canot user list   [--hub HUB] [--roles]
canot user role   MEMBRE ROLE [--hub HUB | --region TERRITOIRE] [--rights D,D…] [--revoke]
canot user token  MEMBRE [--label TEXTE] [--scopes read,book,staff,admin] [--days N]
canot user sign-out     MEMBRE
canot user factor-reset MEMBRE
  MEMBRE est une adresse de courriel ou un identifiant; ROLE : staff, manager (avec --hub),
  coordinator (avec --region) ou administrator. Le jeton est montré une seule fois.
  --unverified  la personne montrera par un lien que l’adresse est la sienne avant de
              réserver; sans cela, vous en répondez
  --roles     seulement qui a un rôle
  --rights    ces droits à cet endroit et aucun autre : view_bookings, view_persons,
              book_for_others, approve, hand_out, certify, waive, manage_inventory,
              manage_members, manage_tiers, see_money, export
  sign-out ferme les sessions d’une personne; factor-reset retire aussi les clés d’accès,
  l’application et les codes de secours qu’elle a perdus.
  Aussi : --database ADRESSE, --json.`,
	"call": `canot call MÉTHODE CHEMIN [JSON|-] [--as MEMBRE] [--key TEXTE] [--if-match ETAG]
           [--type TYPE] [--database URL]
  Exécute une opération de l’API dans ce programme même, sans serveur : tout ce que peut l’API,
  la ligne de commande le peut. CHEMIN se passe de /api/v1; « - » lit le contenu sur l’entrée
  standard. La demande est celle d’une personne qui administre le réseau ou, avec --as, de la
  personne de cette adresse ou de cet identifiant.
  La réponse va telle quelle à la sortie standard, un refus aussi, et ses mots à l’erreur standard.
  Code de sortie : 0 fait, 2 demande illisible, 1 tout autre refus.
  --key       une clé d’idempotence : renvoyée, la demande n’a qu’un effet
  --if-match  seulement si c’est encore cette version
  --type      du contenu (application/json); text/csv pour POST /import`,
	"backup": `canot backup FICHIER [--force] [--database ADRESSE]
  Une copie cohérente, pendant que le serveur travaille, valable pour les deux bases.
  « - » écrit sur la sortie standard.`,
	"restore": `canot restore FICHIER [--database ADRESSE]
  Remet une copie dans une base vide, SQLite ou PostgreSQL. « - » lit l’entrée standard.`,
	"check": `canot check [--json] [--database ADRESSE]
  Vérifie les invariants et dit quelles lignes en enfreignent un. Ne fait que lire.`,
	"zones": `canot zones [--apply] [--json] [--database ADRESSE]
  Les données des fuseaux et les réservations à venir qui ne sont plus à l’heure locale
  promise; --apply les remet à leur heure.`,
	"version": `canot version [--json]
  La version, le schéma et les données des fuseaux.`,
	"healthcheck": `canot healthcheck [--url ADRESSE] [--timeout DURÉE]
  Demande à un serveur s’il est en vie (/healthz); pour les conteneurs.`,
}
